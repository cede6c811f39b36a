"""W of the paper: the feature volume, bent from the keypoints of the portrait to those of a frame."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from gpuworker.engines.liveportrait.nets.architecture import OFFICIAL, Architecture
from gpuworker.engines.liveportrait.nets.blocks import SameBlock2d
from gpuworker.engines.liveportrait.nets.dense_motion import DenseMotionNetwork, sample


class Warped(NamedTuple):
    """features: (B, 256, H, W) for G; deformation: (B, D, H, W, 3); occlusion: (B, 1, H, W)."""

    features: Tensor
    deformation: Tensor
    occlusion: Tensor


class WarpingModule(nn.Module):
    """Volume (1 or B, 32, 16, H, W), driving and source keypoints (B, 21, 3) → Warped.

    The volume has the precision of the weights; the keypoints have at least 32 bits.
    """

    def __init__(self, architecture: Architecture = OFFICIAL) -> None:
        super().__init__()
        out = 4 * architecture.width
        self.dense_motion_network = DenseMotionNetwork(architecture)
        self.third = SameBlock2d(architecture.features, out, leaky=True)
        self.fourth = nn.Conv2d(out, out, 1)

    def forward(self, volume: Tensor, driving: Tensor, source: Tensor) -> Warped:
        motion = self.dense_motion_network(volume, driving, source)
        bent = sample(volume, motion.deformation[:, None])
        flat = bent.reshape(len(driving), -1, *bent.shape[-2:]).to(volume.dtype)
        features = self.fourth(self.third(flat)) * motion.occlusion
        return Warped(features, motion.deformation, motion.occlusion)
