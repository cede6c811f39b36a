"""A repeated picture through a convolution, without repeating it: the same sums with far fewer products.

Where every pixel is repeated f × f times before a convolution of 3 × 3, most of what lies under its
kernel is the same pixel. Along one axis the first of the f copies sees the pixel before it and its own
twice, the last its own twice and the one after, those in between nothing but their own. So the weights
can be added up beforehand, and each kind of copy is a convolution over the small picture with 2 × 2,
2 × 1, 1 × 2 or 1 × 1 weights: 16 products a pixel instead of 36 for f = 2, 25 instead of 144 for f = 4.
The zeros beyond the edge stay zeros. It is exact but for rounding.

The volumes of the hourglass in W could be enlarged in the same way, for 26 of 1,123 GFLOP a frame. They
are not: W's answer amplifies what its motion is rounded by, so that at the real size one element left the
tolerance of parity (1.14 of it, though no further from 64 bits than before), and whether tensor cores
have a good kernel for 3 × 2 × 2 weights is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

BETWEEN = slice(1, -1)
"""The inner copies of a pixel along one axis."""
ENDS = (slice(0, 1), slice(0, -1)), (slice(-1, None), slice(1, None))
"""The first copy and the last one, each with its part of what a kernel of two taps answers along that axis."""


class UpConv(nn.Module):
    """(B, C, h, w) → ReLU of `conv` over the picture with every pixel repeated, (B, out, factor·h, factor·w).

    conv: 3 × 3, with a bias, padded by 1.
    """

    def __init__(self, conv: nn.Conv2d, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.ends = _conv(conv, "ends", "ends")
        if factor > 2:
            self.rows_ends = _conv(conv, "ends", "between")
            self.cols_ends = _conv(conv, "between", "ends")
            self.between = _conv(conv, "between", "between")

    def forward(self, x: Tensor) -> Tensor:
        (whole,) = self.parts(x, 1)
        return whole

    def parts(self, x: Tensor, count: int) -> tuple[Tensor, ...]:
        """Result of forward, its channels divided among so many tensors, none of them a part of another."""
        pieces = [(rows, cols, small.chunk(count, dim=1)) for rows, cols, small in self._pieces(x)]
        return tuple(
            self._assembled([(rows, cols, small[which]) for rows, cols, small in pieces], x) for which in range(count)
        )

    def _pieces(self, x: Tensor) -> Iterator[tuple[slice, slice, Tensor]]:
        """Which copies, by row and column, and what all pixels' copies of that kind are."""
        corners = self.ends(x).relu().chunk(4, dim=1)
        for which, small in enumerate(corners):
            (row, inside_rows), (col, inside_cols) = ENDS[which // 2], ENDS[which % 2]
            yield row, col, small[..., inside_rows, inside_cols]
        if self.factor > 2:
            for (row, inside), small in zip(ENDS, self.rows_ends(x).relu().chunk(2, dim=1), strict=True):
                yield row, BETWEEN, small[..., inside, :]
            for (col, inside), small in zip(ENDS, self.cols_ends(x).relu().chunk(2, dim=1), strict=True):
                yield BETWEEN, col, small[..., :, inside]
            yield BETWEEN, BETWEEN, self.between(x).relu()

    def _assembled(self, pieces: list[tuple[slice, slice, Tensor]], x: Tensor) -> Tensor:
        (batch, _, height, width), channels, factor = x.shape, pieces[0][2].shape[1], self.factor
        shape = (batch, channels, height * factor, width * factor)
        out = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=_layout(pieces[0][2]))
        cells = out.view(batch, channels, height, factor, width, factor)
        for row, col, small in pieces:
            cells[..., row, :, col] = small[..., :, None, :, None]
        return out


def _conv(conv: nn.Conv2d, rows: str, cols: str) -> nn.Conv2d:
    """The convolution over the small picture for one kind of copies; its outputs, end by end, one after the other."""
    if conv.bias is None:
        raise ValueError("only a convolution with a bias becomes one over the small picture")
    weights = [each for by_row in _taps(conv.weight.double(), -2, rows) for each in _taps(by_row, -1, cols)]
    weight, bias = torch.cat(weights), conv.bias.data.repeat(len(weights))
    height, width = weight.shape[2:]
    padding = (height - 1, width - 1)
    made = nn.Conv2d(conv.in_channels, len(weight), (height, width), padding=padding, dtype=conv.weight.dtype)
    made.requires_grad_(False)
    made.weight.data.copy_(weight)
    made.bias = nn.Parameter(bias, requires_grad=False)
    return made


def _taps(weight: Tensor, axis: int, copies: str) -> list[Tensor]:
    """The three weights along an axis, added up where they meet the same pixel."""
    before, here, after = (weight.narrow(axis, tap, 1) for tap in range(3))
    if copies == "between":
        return [before + here + after]
    return [torch.cat([before, here + after], dim=axis), torch.cat([before + here, after], dim=axis)]


def _layout(small: Tensor) -> torch.memory_format:
    """The one that the convolutions answer in."""
    return torch.channels_last if small.stride(1) == 1 else torch.contiguous_format
