"""Export of what the engine knows about a portrait as a rig, which a shader draws (docs/rig.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import MAX_INTENSITY
from gpuworker.engines.warp import eyes as painting
from gpuworker.engines.warp import lids, rotation, sclera
from gpuworker.engines.warp.eye import lid_curve
from gpuworker.engines.warp.eyes import EyeRenderer, Eyes
from gpuworker.engines.warp.rotation import Rotation
from gpuworker.grid import LIMIT
from gpuworker.rig.model import (
    BROW_UNIT,
    CURVE,
    CURVE_UNIT,
    HEIGHT_UNIT,
    Integers,
    Place,
    Rig,
    RigEye,
    RigHead,
    RigMotion,
)
from gpuworker.vision.framing import SUPERSAMPLING, FramedPortrait

BORDER = 1
"""Pixels around each part of the atlas that repeat its edge."""
MOST_Y = LIMIT * MAX_INTENSITY

MOTION = RigMotion(
    travel_v=painting.TRAVEL_V,
    upper_travel=lids.UPPER_TRAVEL,
    lower_travel=lids.LOWER_TRAVEL,
    fold=lids.FOLD,
    lashes=lids.LASHES,
    lower_margin=lids.LOWER_MARGIN,
    shadow=sclera.LID_SHADOW,
    shadow_depth=sclera.LID_SHADOW_DEPTH,
    ball=painting.BALL,
    rest_reach=painting.REST_REACH,
    brow_raise=rotation.BROW_RAISE,
    in_plane=rotation.IN_PLANE,
)


def rig_of(portrait: FramedPortrait, intensity: float, turning: Rotation, eyes: Eyes | None) -> Rig:
    """The rig of a portrait whose rotation and eyes were built."""
    places, atlas = _atlas(eyes.renderers) if eyes else ([], None)
    return Rig(
        frame=portrait.frame,
        alpha=portrait.alpha is not None,
        intensity=intensity,
        head=_head(turning),
        motion=MOTION,
        height=_quantised(turning.field.height, HEIGHT_UNIT),
        brows=_quantised(np.where(turning.field.height > 0, turning.brows, 0), BROW_UNIT),
        eyes=_eyes(eyes, places) if eyes else (),
        atlas=atlas,
        supersampling=SUPERSAMPLING,
    )


def _head(turning: Rotation) -> RigHead:
    head = turning.head
    return RigHead(
        centre=_pair(head.centre),
        right=_pair(head.right, 6),
        width=round(head.width, 4),
        eye_span=round(head.eye_span, 4),
        distance=round(turning.distance, 4),
        gain=math.floor(turning.gain * 1e4) / 1e4,  # never above what was proved not to fold
        yaw_gain=round(turning.yaw_gain, 4),
    )


def _eyes(eyes: Eyes, places: Sequence[Place]) -> tuple[RigEye, RigEye]:
    left, right = (
        _eye(renderer, ahead, travel, white, texture, eyes.close)
        for renderer, ahead, travel, white, texture in zip(
            eyes.renderers, eyes.ahead, eyes.travel, places[:2], places[2:], strict=True
        )
    )
    return left, right


def _eye(
    renderer: EyeRenderer, ahead: float, travel: tuple[float, float], white: Place, texture: Place, closes: bool
) -> RigEye:
    eye = renderer.eye
    rows, columns = _opening(renderer)
    u = np.linspace(-0.5, 0.5, CURVE) * eye.width
    return RigEye(
        box=eye.box,
        middle=_pair(eye.middle),
        along=_pair(eye.along, 6),
        width=round(eye.width, 4),
        inner=eye.inner,
        iris=_pair(eye.iris),
        ahead=round(ahead, 4),
        radius=round(eye.radius, 4),
        travel=_pair(travel, 5),
        white=white,
        white_at=(columns.start, rows.start),
        texture=texture,
        reach=renderer.iris.reach,
        closes=closes,
        upper=_quantised(lid_curve(eye.upper_lid, u), CURVE_UNIT),
        lower=_quantised(lid_curve(eye.lower_lid, u), CURVE_UNIT),
    )


def _opening(renderer: EyeRenderer) -> tuple[slice, slice]:
    """Rows and columns of the box that an opening may show at any direction."""
    windows = [renderer.lids.at(y).window for y in (-MOST_Y, 0.0, MOST_Y)]
    rows, columns = (
        slice(min(window[axis].start for window in windows), max(window[axis].stop for window in windows))
        for axis in (0, 1)
    )
    return rows, columns


def _atlas(renderers: tuple[EyeRenderer, EyeRenderer]) -> tuple[list[Place], NDArray[np.uint8]]:
    """Both whites beside each other and both irises below them; the places in this order."""
    parts = [renderer.white[_opening(renderer)] for renderer in renderers]
    parts += [renderer.iris.texture for renderer in renderers]
    sizes = np.array([part.shape[:2] for part in parts]) + 2 * BORDER
    top, columns = sizes[:2, 0].max(), sizes[[0, 2], 1]
    height, width = top + sizes[2:, 0].max(), (sizes[:2, 1].sum(), sizes[2:, 1].sum())
    atlas = np.zeros((height, max(width), 3), np.uint8)
    corners = [(0, 0), (0, columns[0]), (top, 0), (top, columns[1])]
    for part, (y, x) in zip(parts, corners, strict=True):
        framed = np.pad(part, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), mode="edge")
        atlas[y : y + framed.shape[0], x : x + framed.shape[1]] = np.round(framed)
    return [_place(part, y, x) for part, (y, x) in zip(parts, corners, strict=True)], atlas


def _place(part: NDArray[np.float32], y: int, x: int) -> Place:
    height, width = part.shape[:2]
    return int(x) + BORDER, int(y) + BORDER, width, height


def _quantised(values: NDArray[np.floating], unit: float) -> Integers:
    return np.round(values / unit).astype(np.int32)


def _pair(values: Sequence[float] | NDArray[np.float64], digits: int = 4) -> tuple[float, float]:
    first, second = values
    return round(float(first), digits), round(float(second), digits)
