"""Comparison of the compiled form of W and G with the nets themselves.

Both have 16 bits and round in different places. How far that takes a frame depends on the weights and on the
portrait: seeded weights amplify it, so that an H200 had frames 86 of 255 levels apart at most, 1.4 on average,
where the nets themselves were 56 and 1.5 away from 32 bits. So two frames are also generated in 32 bits, and what
rounding does there is the measure.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gpuworker.engines.liveportrait.compilation.compiled import FrameFunction

Generated = tuple[Tensor, Tensor]
"""Squares and deformations of a batch, as a FrameFunction answers."""

MOST_LEVELS, MEAN_LEVELS = 2.0, 0.25
"""Difference between two answers for squares that is always allowed, of 255."""
MOST_BENT = 0.01
"""Between deformations, whose range is −1 … 1: a third of an element of the volume."""
MOST_TIMES, MEAN_TIMES = 3.0, 2.0
"""Times what the nets themselves are away from 32 bits; the most of a few frames says less than their mean."""


class Disagreement(RuntimeError):
    """Error: the compiled form generates other frames than the nets."""


class Distance(NamedTuple):
    """most, mean: of squares, in levels of 255; bent: the furthest of deformations. Some may be no number."""

    most: float
    mean: float
    bent: float

    @classmethod
    def between(cls, found: Generated, wanted: Generated) -> Distance:
        (squares, bent), (right_squares, right_bent) = found, wanted
        levels = (squares.float() - right_squares.float()).abs() * 255
        return cls(float(levels.max()), float(levels.mean()), float((bent - right_bent).abs().max()))

    def within(self, rounding: Distance) -> bool:
        """True where rounding explains the distance; never where either of them is not a number."""
        allowed = (
            max(MOST_LEVELS, MOST_TIMES * rounding.most),
            max(MEAN_LEVELS, MEAN_TIMES * rounding.mean),
            max(MOST_BENT, MOST_TIMES * rounding.bent),
        )
        return all(found <= most for found, most in zip(self, allowed, strict=True))


def compare(
    compiled: Generated, plain: Generated, exact: FrameFunction, volume: Tensor, source: Tensor, driving: Tensor
) -> None:
    """Compare a batch of the compiled form with the same batch of the nets.

    exact: generates in 32 bits, one frame at a time; the batch's first and last. Raises Disagreement.
    """
    ends = sorted({0, len(driving) - 1})
    generated = [exact(volume, source, driving[end, None]) for end in ends]
    right = torch.cat([squares for squares, _ in generated]), torch.cat([bent for _, bent in generated])
    rounding = Distance.between((plain[0][ends], plain[1][ends]), right)
    found = Distance.between(compiled, plain)
    if not found.within(rounding):
        raise Disagreement(
            f"it generates something else: {found.most:.2f} grey levels apart at most, {found.mean:.3f} on average, "
            f"deformations {found.bent:.4f}; rounding alone {rounding.most:.2f}, {rounding.mean:.3f} "
            f"and {rounding.bent:.4f}"
        )
