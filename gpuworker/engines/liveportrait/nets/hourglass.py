"""The volume network inside W: down to a thirty-second and back up, with a bridge at every size."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from gpuworker.engines.liveportrait.nets.architecture import Architecture
from gpuworker.engines.liveportrait.nets.blocks import DownBlock3d, UpBlock3d


class Encoder(nn.Module):
    """(B, C, D, H, W) → itself and each smaller version, largest first."""

    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(DownBlock3d(before, after) for before, after in pairwise(channels))

    @property
    def first(self) -> DownBlock3d:
        """The one that reads what comes in."""
        block = self.down_blocks[0]
        assert isinstance(block, DownBlock3d)
        return block

    def forward(self, x: Tensor) -> list[Tensor]:
        sizes = [x]
        for block in self.down_blocks:
            sizes.append(block(sizes[-1]))
        return sizes


class Decoder(nn.Module):
    """The encoder's outputs → (B, C, D, H, W) of the largest size."""

    def __init__(self, channels: list[int], out: int) -> None:
        super().__init__()
        # What comes in is twice as wide as the encoder's block, by the bridge beside it; the smallest has none.
        ways_in = [channels[-1], *(2 * width for width in reversed(channels[1:-1]))]
        ways_out = [*reversed(channels[1:-1]), out]
        self.up_blocks = nn.ModuleList(
            UpBlock3d(before, after) for before, after in zip(ways_in, ways_out, strict=True)
        )
        self.out_filters = out + channels[0]
        self.conv = nn.Conv3d(self.out_filters, self.out_filters, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm3d(self.out_filters)

    def forward(self, sizes: list[Tensor]) -> Tensor:
        x = sizes[-1]
        for block, bridge in zip(self.up_blocks, reversed(sizes[:-1]), strict=True):
            x = torch.cat([block(x), bridge], dim=1)
        return functional.relu(self.norm(self.conv(x)))


class Hourglass(nn.Module):
    """(B, in_channels, D, H, W) → (B, out_filters, D, H, W); H and W are multiples of 2^levels."""

    def __init__(self, in_channels: int, architecture: Architecture) -> None:
        super().__init__()
        first, most = architecture.hourglass_width, architecture.hourglass_most
        widths = [min(most, first * 2**level) for level in range(1, architecture.hourglass_levels + 1)]
        self.encoder = Encoder([in_channels, *widths])
        self.decoder = Decoder([in_channels, *widths], first)
        self.out_filters = self.decoder.out_filters

    def forward(self, x: Tensor) -> Tensor:
        prediction: Tensor = self.decoder(self.encoder(x))
        return prediction
