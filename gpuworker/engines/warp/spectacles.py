"""Spectacles as one stiff piece: the field behind them becomes a plane, hardly bent, and brows rise behind them.

The height field of a bare face would bend frames over nose, brows and sockets. What moves a point is its height alone,
so frames that lie on a plane go through one affine map. The rig carries heights and brows, so a shader shows the same.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.height import STEEPEST, STEP, HeightField
from gpuworker.engines.warp.rotation import Rotation
from gpuworker.engines.warp.smooth import Field, smoothstep
from gpuworker.vision.eyewear import Spectacles

ABOVE_BRIDGE, ABOVE_LENS = 0.09, 0.04
"""Upper edge of the frames: so far above the bridge, or as far above the middle of the lens as it ends below."""
BELOW, LOWEST, NOSE = 0.05, 0.45, 0.10
"""Lower edge: below the lenses' rims, at most, and beneath the bridge."""
BESIDE = 0.68
"""Distance of the hinges from the middle. All of these are eye spans, the distance between the outer corners."""
FEATHER = 0.12
BEND = 0.2
"""Share of the face's own curvature, from side to side, that frames have."""
BACKGROUND, HEAD = 0.05, 0.30
"""Shares of the greatest height between which a point turns from what lies behind the head to what is flattened."""
AROUND = 4
"""Grid points around the frames over which the smoothed field turns into the one beyond: a seam would fold."""
LESS_STEEP = 0.85
"""Share of the steepest slope that is left to a plane."""
LEAST_POINTS = 12
RISE_WITHIN, RISE = 0.17, 0.6
"""Eye spans above the frames' upper edge in which brows come to rise, and how much of the bare brow's raise."""


def flattened(field: HeightField, spectacles: Spectacles) -> HeightField:
    """The field with a plane behind the frames. spectacles: in frame pixels."""
    u, v = _own(field, spectacles)
    height, frames = field.height, _frames(u, v, spectacles)
    core = (frames > 0.9) & (np.abs(u) < 0.5) & (height > 0)
    if core.sum() < LEAST_POINTS:
        return field
    highest = float(height.max())
    share = frames * smoothstep(height, BACKGROUND * highest, HEAD * highest)
    flat = height + share * (_bent_plane(u, v, height, core) - height)
    flat = _capped(flat.astype(np.float32), height)
    sigma = max(1.0, 0.02 * spectacles.axes.span / STEP)
    reached = cv2.dilate((frames > 0).astype(np.float32), np.ones((2 * AROUND + 1, 2 * AROUND + 1)))
    near = cv2.GaussianBlur(reached, (0, 0), AROUND / 2) * (height > 0)
    return replace(field, height=np.asarray(flat + near * (cv2.GaussianBlur(flat, (0, 0), sigma) - flat), np.float32))


def behind(rotation: Rotation, spectacles: Spectacles) -> Rotation:
    """The rotation with brows that rise above the frames only."""
    _, v = _own(rotation.field, spectacles)
    top = _top(spectacles)
    share = RISE * smoothstep(top - v, 0, RISE_WITHIN)
    return replace(rotation, brows=np.asarray(rotation.brows * share, np.float32))


def _own(field: HeightField, spectacles: Spectacles) -> tuple[Field, Field]:
    """u, v of the grid's points, in eye spans from the middle between the inner corners."""
    own = spectacles.axes.own(np.stack([field.x, field.y], axis=-1).astype(np.float64)).astype(np.float32)
    return own[..., 0], own[..., 1]


def _top(spectacles: Spectacles) -> float:
    return min(spectacles.bridge - ABOVE_BRIDGE, ABOVE_LENS - spectacles.bottom)


def _frames(u: Field, v: Field, spectacles: Spectacles) -> Field:
    """0 … 1: where the frames are, softly."""
    lowest = min(spectacles.bottom + BELOW, LOWEST)
    bottom = NOSE + (lowest - NOSE) * smoothstep(np.abs(u), 0.08, 0.18)
    high = 1 - smoothstep(np.maximum(_top(spectacles) - v, v - bottom), 0, FEATHER)
    return np.asarray(high * (1 - smoothstep(np.abs(u), BESIDE, BESIDE + FEATHER)), np.float32)


def _bent_plane(u: Field, v: Field, height: Field, core: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The plane through the heights of the core, with a little of their curvature from side to side."""
    basis = np.stack([np.ones_like(u), u, v, u**2], axis=-1).astype(np.float64)
    middle, sideways, downwards, curvature = np.linalg.lstsq(basis[core], height[core], rcond=None)[0]
    lost = (1 - BEND) * curvature
    level = middle + lost * float((u[core] ** 2).mean())
    return np.asarray(basis @ np.array([level, sideways, downwards, BEND * curvature]))


def _capped(flat: Field, height: Field) -> Field:
    """No steeper towards the still region than the field was made: beside still background a plane would fold."""
    cap = LESS_STEEP * STEEPEST * STEP * cv2.distanceTransform((height > 0).astype(np.uint8), cv2.DIST_L2, 5)
    return np.where(flat > height, np.maximum(height, np.minimum(flat, cap)), flat).astype(np.float32)
