"""G of the paper: features → picture, by residual blocks whose norms are steered by the features (SPADE)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gpuworker.engines.liveportrait.nets.architecture import OFFICIAL, Architecture
from gpuworker.engines.liveportrait.nets.blocks import SpectralConv2d
from gpuworker.engines.liveportrait.nets.precision import wide

SLOPE = 0.2
"""Slope of every leaky ReLU here."""
EPSILON = 1e-5
MIDDLE_BLOCKS = 6


def instance_norm(x: Tensor) -> Tensor:
    """Each channel of each picture to mean 0 and variance 1, by statistics of at least 32 bits."""
    deviation, mean = torch.var_mean(wide(x), dim=(2, 3), correction=0, keepdim=True)
    return (wide(x) - mean) * torch.rsqrt(deviation + EPSILON)


class SPADE(nn.Module):
    """Output of an instance norm, with a scale and a shift for every pixel, read from the features."""

    def __init__(self, channels: int, features: int, hidden: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(features, hidden, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(hidden, channels, 3, padding=1)

    def labels(self, features: Tensor, size: tuple[int, int]) -> Tensor:
        """(B, hidden, *size): what scale and shift are made of."""
        hidden: Tensor = self.mlp_shared(functional.interpolate(features, size=size, mode="nearest"))
        return hidden

    def scale_and_shift(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        return self.mlp_gamma(labels), self.mlp_beta(labels)

    def forward(self, normed: Tensor, labels: Tensor) -> Tensor:
        """(B, C, H, W) and labels of the same size, or f times that: then each pixel counts f × f times."""
        scale, shift = self.scale_and_shift(labels)
        copies = labels.shape[-1] // normed.shape[-1]
        if copies == 1:
            return torch.addcmul(wide(shift), normed, 1 + wide(scale)).to(labels.dtype)
        batch, channels, height, width = normed.shape
        scale, shift = (each.view(batch, channels, height, copies, width, copies) for each in (scale, shift))
        steered = torch.addcmul(wide(shift), normed[..., :, None, :, None], 1 + wide(scale))
        return steered.to(labels.dtype).flatten(-2).flatten(-3, -2)


class SPADEResnetBlock(nn.Module):
    """(B, in, H, W) and labels → (B, out, H, W). The shortcut is a convolution where the widths differ."""

    def __init__(self, in_channels: int, out_channels: int, features: int, hidden: int) -> None:
        super().__init__()
        middle = min(in_channels, out_channels)
        self.conv_0 = SpectralConv2d(in_channels, middle, 3)
        self.conv_1 = SpectralConv2d(middle, out_channels, 3)
        self.norm_0 = SPADE(in_channels, features, hidden)
        self.norm_1 = SPADE(middle, features, hidden)
        self.learned_shortcut = in_channels != out_channels
        if self.learned_shortcut:
            self.conv_s = SpectralConv2d(in_channels, out_channels, 1, bias=False)
            self.norm_s = SPADE(in_channels, features, hidden)

        self.merged_labels: nn.Module | None = None
        """Makes the labels of all its norms at once, where folding.py has put it."""

    @property
    def norms(self) -> list[SPADE]:
        """In the order of their labels; the shortcut's comes last."""
        return [self.norm_0, self.norm_1, *([self.norm_s] if self.learned_shortcut else [])]

    def forward(self, x: Tensor, features: Tensor, copies: int = 1) -> Tensor:
        """Every pixel of x counts copies × copies times; the answer is that much larger.

        A block without a convolution in its shortcut takes one copy.
        """
        return self.steered(x, *self._labels(features, (copies * x.shape[2], copies * x.shape[3])))

    def steered(self, x: Tensor, first: Tensor, second: Tensor, third: Tensor | None = None) -> Tensor:
        """The block with the labels of its norms given."""
        normed = instance_norm(x)  # of single pixels: copies have the same mean and variance
        shortcut = x if third is None else self.conv_s(self.norm_s(normed, third))
        x = self.conv_0(functional.leaky_relu(self.norm_0(normed, first), SLOPE))
        x = self.conv_1(functional.leaky_relu(self.norm_1(instance_norm(x), second), SLOPE))
        return shortcut + x

    def _labels(self, features: Tensor, size: tuple[int, int]) -> tuple[Tensor, ...]:
        if self.merged_labels is not None:
            merged: tuple[Tensor, ...] = self.merged_labels(features)
            return merged
        return tuple(norm.labels(features, size) for norm in self.norms)


class SPADEGenerator(nn.Module):
    """(B, 256, h, w) → (B, 3, 8·h, 8·w) of 0 … 1."""

    def __init__(self, architecture: Architecture = OFFICIAL) -> None:
        super().__init__()
        features, hidden = 4 * architecture.width, architecture.label_width
        wide_, narrow = 2 * features, architecture.width
        self.fc = nn.Conv2d(features, wide_, 3, padding=1)
        for index in range(MIDDLE_BLOCKS):
            self.add_module(f"G_middle_{index}", SPADEResnetBlock(wide_, wide_, features, hidden))
        self.up_0 = SPADEResnetBlock(wide_, features, features, hidden)
        self.up_1 = SPADEResnetBlock(features, narrow, features, hidden)
        self.conv_img = nn.Sequential(nn.Conv2d(narrow, 3 * 4, 3, padding=1), nn.PixelShuffle(2))
        self.middle_labels: nn.Module | None = None
        """Makes the labels of all middle blocks at once, where folding.py has put it."""

    @property
    def middle(self) -> list[SPADEResnetBlock]:
        """The six blocks that work at the features' own size."""
        blocks = (getattr(self, f"G_middle_{index}") for index in range(MIDDLE_BLOCKS))
        return [block for block in blocks if isinstance(block, SPADEResnetBlock)]

    def forward(self, features: Tensor) -> Tensor:
        x = self.through_middle(self.fc(features), features)
        x = self.up_0(x, features, 2)
        x = self.up_1(x, features, 2)
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, SLOPE)))

    def through_middle(self, x: Tensor, features: Tensor) -> Tensor:
        if self.middle_labels is None:
            for block in self.middle:
                x = block(x, features)
            return x
        labels = iter(self.middle_labels(features))
        for block in self.middle:
            x = block.steered(x, next(labels), next(labels))
        return x
