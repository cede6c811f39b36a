"""Rise of the brows: how far the picture at the brows moves up beside what the head's turn alone does to it.

Landmarks cannot tell: a head that nods changes the height of brows above eyes by as much as they rise, and behind a
fringe or frames a model guesses where brows are. The control is the same frame without raised brows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.grid import LIMIT, Direction
from gpuworker.vision.region import Picture, Points
from gpuworker.vision.topology import EYES, OUTER_CORNERS
from tests import ruler

DIRECTIONS = [Direction(0.0, float(y)) for y in np.linspace(-LIMIT, LIMIT, 7)]
ABOVE = 0.10
"""Outer-corner distances above the brows' landmarks that are looked at, too."""
TEXTURED = 60
"""Percentile of the gradient above which a pixel can be seen to move."""
MOST = 75
"""Percentile of the moves: behind frames, only what lies above them rises."""


@dataclass(frozen=True)
class BrowRise:
    """Of the brow that does worse. brow_r: correlation of its rise with what was asked for, 0 where it never moves;
    brow_rise: how far it is up when the face looks up, outer-corner distances."""

    brow_r: float
    brow_rise: float


def of_engine(engine: WarpEngine) -> BrowRise:
    raised, rotation = engine.render(DIRECTIONS), engine._rotation
    engine._rotation = replace(rotation, brows=np.zeros_like(rotation.brows))
    try:
        level = engine.render(DIRECTIONS)
    finally:
        engine._rotation = rotation
    rises = np.array([rise(up, flat) for up, flat in zip(raised, level, strict=True)])
    asked = [direction.eyebrow for direction in DIRECTIONS]
    moved = rises.std(axis=0) > 0
    follows = [
        float(np.corrcoef(side, asked)[0, 1]) if moves else 0.0 for side, moves in zip(rises.T, moved, strict=True)
    ]
    return BrowRise(min(follows), float(rises[0].min()))


def rise(raised: Picture, level: Picture) -> tuple[float, float]:
    """How far the left and the right brow stand higher in the first frame, in outer-corner distances."""
    landmarks = ruler.only_face(np.ascontiguousarray(level[..., :3]))[:, :2]
    left, right = landmarks[list(OUTER_CORNERS)]
    span = float(np.linalg.norm(right - left))
    across = (right - left) / span
    flow = _flow(_grey(level), _grey(raised))
    upwards = (flow[..., 0] * across[1] - flow[..., 1] * across[0]) / span
    first, second = (_moved(upwards, _grey(level), landmarks[list(eye.brow)], ABOVE * span) for eye in EYES.values())
    return first, second


def _flow(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    return np.asarray(search.calc(before, after, np.zeros((*before.shape, 2), np.float32)), np.float32)


def _moved(upwards: NDArray[np.float32], frame: NDArray[np.uint8], brow: Points, above: float) -> float:
    """The move of what has a texture at a brow and above it."""
    (x0, y0), (x1, y1) = np.maximum(brow.min(axis=0) - (0, above), 0), brow.max(axis=0)
    part = np.s_[int(y0) : int(np.ceil(y1)) + 1, int(x0) : int(np.ceil(x1)) + 1]
    grey = frame[part].astype(np.float32)
    gradient = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return float(np.percentile(upwards[part][gradient >= np.percentile(gradient, TEXTURED)], MOST))


def _grey(frame: Picture) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(frame[..., :3]), cv2.COLOR_RGB2GRAY), np.uint8)
