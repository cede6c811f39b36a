"""Dense motion: from a few keypoints, before and after, to the origin of every element of the volume.

The coordinate grids span −1 … 1 at their end points while `grid_sample` takes ±1 for the outer edges
(align_corners=False), so that the “identity” is not quite one. The nets were trained with it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gpuworker.engines.liveportrait.nets.architecture import OFFICIAL, Architecture
from gpuworker.engines.liveportrait.nets.hourglass import Hourglass
from gpuworker.engines.liveportrait.nets.precision import wide

VARIANCE = 0.01
"""Variance of the Gaussian around a keypoint, in units of the coordinate grid."""


class DenseMotion(NamedTuple):
    """deformation: (B, D, H, W, 3), x y z of the source; occlusion: (B, 1, H, W), 0 is hidden."""

    deformation: Tensor
    occlusion: Tensor


def axes(size: tuple[int, int, int], like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The coordinates along z, y and x of a volume of D × H × W, each −1 … 1."""
    z, y, x = (torch.linspace(-1, 1, n, device=like.device, dtype=like.dtype) for n in size)
    return z, y, x


def coordinate_grid(size: tuple[int, int, int], like: Tensor) -> Tensor:
    """(D, H, W, 3): x, y and z of every element."""
    z, y, x = torch.meshgrid(*axes(size, like), indexing="ij")
    return torch.stack([x, y, z], dim=-1)


def gaussians(keypoints: Tensor, size: tuple[int, int, int]) -> Tensor:
    """(B, K, 3) → (B, K, D, H, W): a blob around each keypoint, the product of one along each axis."""
    z, y, x = (
        torch.exp((along - keypoints[..., which, None]) ** 2 * (-0.5 / VARIANCE))
        for along, which in zip(axes(size, keypoints), (2, 1, 0), strict=True)
    )
    return z[..., :, None, None] * y[..., None, :, None] * x[..., None, None, :]


def sample(volume: Tensor, grids: Tensor) -> Tensor:
    """One volume, many grids: (1 or B, C, D, H, W) at (B, N, D, H, W, 3) → (B, N, C, D, H, W).

    The grids are laid one behind the other along the depth, so that the volume is never repeated.
    """
    batch, many, depth, height, width, _ = grids.shape
    volumes, channels = volume.shape[:2]
    flat = grids.reshape(volumes, -1, height, width, 3)
    found = functional.grid_sample(wide(volume), flat, mode="bilinear", padding_mode="zeros", align_corners=False)
    found = found.reshape(volumes, channels, batch // volumes, many, depth, height, width)
    return found.permute(0, 2, 3, 1, 4, 5, 6).reshape(batch, many, channels, depth, height, width)


class DenseMotionNetwork(nn.Module):
    """Volume and keypoints before and after → DenseMotion."""

    def __init__(self, architecture: Architecture = OFFICIAL) -> None:
        super().__init__()
        candidates = architecture.keypoints + 1
        self.hourglass = Hourglass(candidates * (architecture.compress + 1), architecture)
        filters = self.hourglass.out_filters
        self.mask = nn.Conv3d(filters, candidates, 7, padding=3)
        self.compress = nn.Conv3d(architecture.volume_channels, architecture.compress, 1)
        self.norm: nn.Module = nn.BatchNorm3d(architecture.compress)
        self.occlusion = nn.Conv2d(filters * architecture.volume_depth, 1, 7, padding=3)
        self.spare = 0
        """Empty channels behind the candidates, where folding.py has widened the nets that read them."""
        self.mask_and_occlusion: nn.Module | None = None
        """Makes both at once, where folding.py has put it."""

    def forward(self, volume: Tensor, driving: Tensor, source: Tensor) -> DenseMotion:
        """volume: (1 or B, C, D, H, W); driving, source: (B, K, 3) in at least 32 bits."""
        depth, height, width = volume.shape[2:]
        size = (depth, height, width)
        grid = coordinate_grid(size, driving)
        shifts = source - driving
        prediction = self.hourglass(self._candidates(volume, grid, shifts, driving, source))
        mask, occlusion = self._mask_and_occlusion(prediction)
        # The background candidate moves nothing, and the masks of all sum to one.
        deformation = grid + torch.einsum("bkdhw,bkc->bdhwc", mask.softmax(dim=1)[:, 1:], shifts)
        return DenseMotion(deformation, torch.sigmoid(occlusion).to(prediction.dtype))

    def _mask_and_occlusion(self, prediction: Tensor) -> tuple[Tensor, Tensor]:
        if self.mask_and_occlusion is not None:
            both: tuple[Tensor, Tensor] = self.mask_and_occlusion(prediction)
            return both
        flat = prediction.flatten(1, 2)
        return wide(self.mask(prediction)), self.occlusion(flat)

    def _candidates(self, volume: Tensor, grid: Tensor, shifts: Tensor, driving: Tensor, source: Tensor) -> Tensor:
        """(B, (K + 1)·(1 + compress) + spare, D, H, W): for each keypoint its blobs and the volume moved by it."""
        size: tuple[int, int, int] = (grid.shape[0], grid.shape[1], grid.shape[2])
        compressed = functional.relu(self.norm(self.compress(volume)))
        still = torch.zeros_like(shifts[:, :1])
        grids = grid + torch.cat([still, shifts], dim=1)[:, :, None, None, None, :]
        moved = sample(compressed, grids)
        blobs = gaussians(driving, size) - gaussians(source, size)
        blobs = torch.cat([torch.zeros_like(blobs[:, :1]), blobs], dim=1)
        both = torch.cat([blobs[:, :, None], moved], dim=2)
        candidates = both.reshape(len(driving), -1, *size).to(volume.dtype)
        return functional.pad(candidates, (0, 0, 0, 0, 0, 0, 0, self.spare)) if self.spare else candidates
