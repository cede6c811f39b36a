"""The convolution blocks that F and W are made of. Attribute names are the checkpoints' key names."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAKY_SLOPE = 0.01
"""Slope of the one leaky block, W's `third`; the generator's slope is another one."""


class SameBlock2d(nn.Module):
    """Convolution, BatchNorm, (leaky) ReLU; the size stays."""

    def __init__(self, in_channels: int, out_channels: int, *, leaky: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm2d(out_channels)
        self.leaky = leaky

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        return functional.leaky_relu(x, LEAKY_SLOPE) if self.leaky else functional.relu(x)


class DownBlock2d(nn.Module):
    """Convolution, BatchNorm, ReLU, then half the width and height."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.avg_pool2d(functional.relu(self.norm(self.conv(x))), 2)


class DownBlock3d(nn.Module):
    """DownBlock2d on a volume, whose depth stays."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm3d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.norm(self.conv(x)))
        halved = functional.avg_pool2d(x.flatten(1, 2), 2)
        return halved.reshape(*x.shape[:3], *halved.shape[2:])


class UpBlock3d(nn.Module):
    """Twice the width and height by repetition, then convolution, BatchNorm, ReLU; the depth stays."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm3d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.conv(functional.interpolate(x, scale_factor=(1, 2, 2)))))


class ResBlock3d(nn.Module):
    """A residual block with its norms ahead of the convolutions; the size stays."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm3d(channels)
        self.norm2 = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        moved = self.conv1(functional.relu(self.norm1(x)))
        return x + self.conv2(functional.relu(self.norm2(moved)))


class SpectralConv2d(nn.Module):
    """A convolution whose weight is divided by its spectral norm, kept as the checkpoint keeps it.

    The norm is uᵀ·W·v with the u and v that training left behind; `folded` turns it into a plain
    convolution with the divided weight, which is what runs.
    """

    weight_orig: nn.Parameter
    weight_u: Tensor
    weight_v: Tensor
    bias: nn.Parameter | None

    def __init__(self, in_channels: int, out_channels: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__()
        plain = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=bias)
        self.padding = kernel // 2
        self.weight_orig = nn.Parameter(plain.weight.detach())
        self.bias = nn.Parameter(plain.bias.detach()) if plain.bias is not None else None
        self.register_buffer("weight_u", functional.normalize(torch.ones(out_channels), dim=0))
        self.register_buffer("weight_v", functional.normalize(torch.ones(in_channels * kernel * kernel), dim=0))

    @property
    def weight(self) -> Tensor:
        """The weight over its spectral norm."""
        sigma = torch.dot(self.weight_u, torch.mv(self.weight_orig.flatten(1), self.weight_v))
        return self.weight_orig / sigma

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight, self.bias, padding=self.padding)

    def folded(self) -> nn.Conv2d:
        """The same function as one plain convolution."""
        out_channels, in_channels, kernel, _ = self.weight_orig.shape
        has_bias, kind = self.bias is not None, self.weight_orig.dtype
        plain = nn.Conv2d(in_channels, out_channels, kernel, padding=self.padding, bias=has_bias, dtype=kind)
        with torch.no_grad():
            plain.weight.copy_(self.weight)
            if plain.bias is not None and self.bias is not None:
                plain.bias.copy_(self.bias)
        return plain
