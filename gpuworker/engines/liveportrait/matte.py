"""Matte of a transparent portrait, moved with the head: one matte, bent for each frame as the features were."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gpuworker.engines.liveportrait.alignment import SIDE, Alignment
from gpuworker.engines.liveportrait.nets.dense_motion import coordinate_grid
from gpuworker.engines.liveportrait.pasting import Paste
from gpuworker.vision.framing import SUPERSAMPLING


class Matte:
    """alpha: (2H, 2W) uint8 of the portrait's picture."""

    def __init__(self, alpha: NDArray[np.uint8], alignment: Alignment, paste: Paste) -> None:
        device = paste.photo.device
        size = (alpha.shape[1] // SUPERSAMPLING, alpha.shape[0] // SUPERSAMPLING)
        small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        self._paste = paste
        self._alpha = torch.from_numpy(np.ascontiguousarray(small)).to(device)[None, None].float() / 255
        # The deformation counts halves of the square; here they become halves of the frame.
        frame_pixels = alignment.to_picture[:, :2] * (SIDE / 2 / SUPERSAMPLING)
        units = frame_pixels * (2 / np.array(size))[:, None]
        self._units = torch.from_numpy(units.astype(np.float32)).to(device)
        height, width = size[1], size[0]
        ys, xs = ((torch.arange(n, device=device) + 0.5) * 2 / n - 1 for n in (height, width))
        self._identity = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), dim=-1)

    def frames(self, deformation: Tensor) -> Tensor:
        """(B, D, h, w, 3) → alpha (B, 1, H, W) of 0 … 1."""
        flow = self._paste.spread(flow_of(deformation).permute(0, 3, 1, 2)) * self._paste.mask
        moved = torch.einsum("bchw,dc->bhwd", flow, self._units)
        alpha = self._alpha.expand(len(moved), -1, -1, -1)
        return functional.grid_sample(alpha, self._identity + moved, padding_mode="border", align_corners=False)


def flow_of(deformation: Tensor) -> Tensor:
    """(B, D, h, w, 3) → (B, h, w, 2): how far from itself each place takes its features, mean over the depth."""
    _, depth, height, width, _ = deformation.shape
    still = coordinate_grid((depth, height, width), deformation)
    return (deformation - still)[..., :2].mean(dim=1)
