"""The sizes of the five nets. The official checkpoints fit OFFICIAL; anything smaller is for tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Architecture:
    """Channel counts and depths.

    width: channels of F's first convolution; F's and W's others are multiples of it.
    volume_channels × volume_depth: the feature volume; their product is `features`.
    compress: channels that W keeps of the volume where it looks for motion.
    hourglass_width, hourglass_most, hourglass_levels: first channels, their limit, and how often it halves.
    depths, dims: blocks and channels of the four stages of M.
    label_width: hidden channels of G's normalisations.
    """

    width: int = 64
    volume_channels: int = 32
    volume_depth: int = 16
    residual_blocks: int = 6
    keypoints: int = 21
    bins: int = 66
    compress: int = 4
    hourglass_width: int = 32
    hourglass_most: int = 1024
    hourglass_levels: int = 5
    depths: tuple[int, int, int, int] = (3, 3, 9, 3)
    dims: tuple[int, int, int, int] = (96, 192, 384, 768)
    label_width: int = 128
    stitching_widths: tuple[int, int, int] = (128, 128, 64)

    @property
    def features(self) -> int:
        """Channels of the volume laid flat."""
        return self.volume_channels * self.volume_depth


OFFICIAL = Architecture()
