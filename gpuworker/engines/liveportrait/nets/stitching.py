"""S of the paper: moves the keypoints of a frame so that neck and shoulders stay where the portrait has them."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from gpuworker.engines.liveportrait.nets.architecture import OFFICIAL, Architecture


class Stitching(nn.Module):
    """Source and driving keypoints (B, K, 3) → the driving ones, corrected."""

    def __init__(self, architecture: Architecture = OFFICIAL) -> None:
        super().__init__()
        points = 3 * architecture.keypoints
        widths = [2 * points, *architecture.stitching_widths, points + 2]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.mlp = nn.Sequential(*layers[:-1])

    def forward(self, source: Tensor, driving: Tensor) -> Tensor:
        delta = self.mlp(torch.cat([source.flatten(1), driving.flatten(1)], dim=1))
        moved = driving + delta[:, :-2].reshape(driving.shape)
        shift = torch.zeros_like(moved[:, :1])
        shift[:, 0, :2] = delta[:, -2:]
        return moved + shift
