"""F of the paper: what the person looks like, as a volume of features that W can bend."""

from __future__ import annotations

from torch import Tensor, nn

from gpuworker.engines.liveportrait.nets.architecture import OFFICIAL, Architecture
from gpuworker.engines.liveportrait.nets.blocks import DownBlock2d, ResBlock3d, SameBlock2d


class AppearanceFeatureExtractor(nn.Module):
    """(B, 3, 256, 256) of 0 … 1 → (B, 32, 16, 64, 64): channels, depth, height, width."""

    def __init__(self, architecture: Architecture = OFFICIAL) -> None:
        super().__init__()
        width = architecture.width
        self.volume = architecture.volume_channels, architecture.volume_depth
        self.first = SameBlock2d(3, width)
        self.down_blocks = nn.ModuleList([DownBlock2d(width, 2 * width), DownBlock2d(2 * width, 4 * width)])
        self.second = nn.Conv2d(4 * width, architecture.features, 1)
        self.resblocks_3d = nn.Sequential()
        for index in range(architecture.residual_blocks):
            self.resblocks_3d.add_module(f"3dr{index}", ResBlock3d(architecture.volume_channels))

    def forward(self, portrait: Tensor) -> Tensor:
        x = self.first(portrait)
        for block in self.down_blocks:
            x = block(x)
        x = self.second(x)
        batch, _, height, width = x.shape
        volume: Tensor = self.resblocks_3d(x.reshape(batch, *self.volume, height, width))
        return volume
