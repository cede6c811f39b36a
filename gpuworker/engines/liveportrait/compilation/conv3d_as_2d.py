"""The mask and the occlusion of W as one convolution of pictures instead of one of volumes and one of pictures.

A convolution of 7 × 7 × 7 with few outputs is what GPUs are worst at: of a tile of 128 or 256 outputs the mask
fills 22. Along the depth a convolution is a sum of seven convolutions of single slices, each slice taking part
in seven sums. So all seven are made from each slice at once, 7 · 22 outputs, and added up afterwards in 32
bits. The occlusion, which reads all slices laid flat with weights of its own for each, fits into the same
tile: sixteen more outputs a slice, of which each slice contributes the one with its own weights. On an H200 it
takes half the time. Exact but for rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MULTIPLE = 8
"""Tensor cores read and write channels by eights; other numbers are copied to that first."""


class MaskAndOcclusion(nn.Module):
    """(B, C, D, H, W) → mask (B, candidates, D, H, W) and occlusion (B, 1, H, W), before softmax and sigmoid.

    Both have at least 32 bits. mask: the convolution of volumes, cubic; occlusion: that of the slices laid flat.
    """

    def __init__(self, mask: nn.Conv3d, occlusion: nn.Conv2d) -> None:
        super().__init__()
        if mask.bias is None or occlusion.bias is None:
            raise ValueError("only convolutions with a bias become one")
        self.candidates, channels, self.taps, kernel, _ = mask.weight.shape
        self.depth = occlusion.in_channels // channels
        by_tap = mask.weight.data.permute(2, 0, 1, 3, 4).flatten(0, 1)
        by_slice = occlusion.weight.data.view(channels, self.depth, kernel, kernel).transpose(0, 1)
        weight = torch.cat([by_tap, by_slice])
        self.outputs = len(weight)
        empty = weight.new_zeros(rounded_up(self.outputs) - self.outputs, *weight.shape[1:])
        self.conv = nn.Conv2d(channels, rounded_up(self.outputs), kernel, padding=kernel // 2, bias=False)
        self.conv.weight = nn.Parameter(torch.cat([weight, empty]), requires_grad=False)
        self.mask_bias, self.occlusion_bias = mask.bias, occlusion.bias

    def forward(self, prediction: Tensor) -> tuple[Tensor, Tensor]:
        batch, channels, depth, height, width = prediction.shape
        slices = prediction.transpose(1, 2).reshape(batch * depth, channels, height, width)
        # Back to volumes as they lie in memory: slice by slice, channels last.
        made = self.conv(slices).permute(0, 2, 3, 1).reshape(batch, depth, height, width, -1)
        at_taps = made[..., : self.taps * self.candidates].unflatten(-1, (self.taps, self.candidates))
        mask = self._added_up(at_taps, depth) + self.mask_bias
        first = self.taps * self.candidates
        own = torch.stack([made[:, at, ..., first + at] for at in range(depth)])
        occlusion = own.sum(dim=0, dtype=mask.dtype) + self.occlusion_bias
        return mask.permute(0, 4, 1, 2, 3), occlusion[:, None]

    def _added_up(self, at_taps: Tensor, depth: int) -> Tensor:
        """(B, D, H, W, taps, candidates) → (B, D, H, W, candidates): for each slice what its neighbours made for it."""
        reach = self.taps // 2
        kind = torch.promote_types(at_taps.dtype, torch.float32)
        apart = nn.functional.pad(at_taps, (0, 0) * 4 + (reach, reach))
        total = apart[:, :depth, ..., 0, :].to(kind)
        for tap in range(1, self.taps):
            total = total + apart[:, tap : tap + depth, ..., tap, :]
        return total


def rounded_up(channels: int) -> int:
    return -(-channels // MULTIPLE) * MULTIPLE
