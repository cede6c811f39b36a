"""G of the paper: features → picture, by residual blocks whose norms are steered by the features (SPADE)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gpuworker.engines.liveportrait.architecture import OFFICIAL, Architecture
from gpuworker.engines.liveportrait.blocks import SpectralConv2d
from gpuworker.engines.liveportrait.precision import wide

SLOPE = 0.2
"""Of every leaky ReLU here."""
EPSILON = 1e-5
MIDDLE_BLOCKS = 6


def instance_norm(x: Tensor) -> Tensor:
    """Each channel of each picture to mean 0 and variance 1, by statistics of at least 32 bits."""
    deviation, mean = torch.var_mean(wide(x), dim=(2, 3), correction=0, keepdim=True)
    return (wide(x) - mean) * torch.rsqrt(deviation + EPSILON)


class SPADE(nn.Module):
    """Instance norm, then a scale and a shift for every pixel, read from the features."""

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

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        scale, shift = self.scale_and_shift(labels)
        return torch.addcmul(wide(shift), instance_norm(x), 1 + wide(scale)).to(x.dtype)


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

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """As `steered`, with labels of this block's own."""
        size = (x.shape[2], x.shape[3])
        shortcut = self.conv_s(self.norm_s(x, self.norm_s.labels(features, size))) if self.learned_shortcut else x
        return self.steered(x, shortcut, self.norm_0.labels(features, size), self.norm_1.labels(features, size))

    def steered(self, x: Tensor, shortcut: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """The block with the labels of its two norms given."""
        x = self.conv_0(functional.leaky_relu(self.norm_0(x, first), SLOPE))
        x = self.conv_1(functional.leaky_relu(self.norm_1(x, second), SLOPE))
        return shortcut + x


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
        x = self.up_0(functional.interpolate(x, scale_factor=2), features)
        x = self.up_1(functional.interpolate(x, scale_factor=2), features)
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, SLOPE)))

    def through_middle(self, x: Tensor, features: Tensor) -> Tensor:
        if self.middle_labels is None:
            for block in self.middle:
                x = block(x, features)
            return x
        labels = iter(self.middle_labels(features))
        for block in self.middle:
            x = block.steered(x, x, next(labels), next(labels))
        return x
