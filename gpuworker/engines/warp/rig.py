"""Export of what the engine knows about a portrait as a rig, which a shader draws (docs/rig.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import MAX_INTENSITY
from gpuworker.engines.warp import eyes as painting
from gpuworker.engines.warp import rotation, sclera
from gpuworker.engines.warp.eye import lid_curve
from gpuworker.engines.warp.eyes import EyeRenderer, Eyes
from gpuworker.engines.warp.lids import lids
from gpuworker.engines.warp.lids.closed import ClosedLid
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
    RigLid,
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
    closed = [ClosedLid.of(renderer.eye) for renderer in eyes.renderers] if eyes and eyes.close else []
    places, atlas = _atlas(eyes.renderers, closed) if eyes else ([], None)
    return Rig(
        frame=portrait.frame,
        alpha=portrait.alpha is not None,
        intensity=intensity,
        head=_head(turning),
        motion=MOTION,
        height=_quantised(turning.field.height, HEIGHT_UNIT),
        brows=_quantised(np.where(turning.field.height > 0, turning.brows, 0), BROW_UNIT),
        eyes=_eyes(eyes, closed, places) if eyes else (),
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
        yaw_more=_pair([math.floor(more * 1e4) / 1e4 for more in turning.yaw_more]),
    )


def _eyes(eyes: Eyes, closed: Sequence[ClosedLid], places: Sequence[Place]) -> tuple[RigEye, ...]:
    count = len(eyes.renderers)
    whites, textures = places[:count], places[count : 2 * count]
    hair = iter(places[2 * count + len(closed) :])
    over = [next(hair) if renderer.hair else None for renderer in eyes.renderers]
    lids: list[RigLid | None] = [None] * count
    if closed:
        lids = [RigLid(place, lid.at, lid.lashes) for lid, place in zip(closed, places[2 * count :], strict=False)]
    own = zip(eyes.renderers, eyes.ahead, eyes.travel, whites, textures, lids, over, strict=True)
    return tuple(_eye(*each) for each in own)


def _eye(
    renderer: EyeRenderer,
    ahead: float,
    travel: tuple[float, float],
    white: Place,
    texture: Place,
    lid: RigLid | None,
    over: Place | None,
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
        photo_y=round(renderer.lids.photo_y, 4),
        radius=round(eye.radius, 4),
        softness=round(eye.softness, 4),
        travel=_pair(travel, 5),
        white=white,
        white_at=(columns.start, rows.start),
        texture=texture,
        reach=renderer.iris.reach,
        closes=lid is not None,
        upper=_quantised(lid_curve(eye.upper_lid, u), CURVE_UNIT),
        lower=_quantised(lid_curve(eye.lower_lid, u), CURVE_UNIT),
        lid=lid,
        over=over,
    )


def _opening(renderer: EyeRenderer) -> tuple[slice, slice]:
    """Rows and columns of the box that an opening may show at any direction."""
    windows = [renderer.lids.at(y).window for y in (-MOST_Y, 0.0, MOST_Y, renderer.lids.photo_y)]
    rows, columns = (
        slice(min(window[axis].start for window in windows), max(window[axis].stop for window in windows))
        for axis in (0, 1)
    )
    return rows, columns


def _atlas(renderers: Sequence[EyeRenderer], closed: Sequence[ClosedLid]) -> tuple[list[Place], NDArray[np.uint8]]:
    """The whites beside each other, below them the irises, then closed lids and hair, if any; places in this order."""
    rows = [
        [renderer.white[_opening(renderer)] for renderer in renderers],
        [renderer.iris.texture for renderer in renderers],
        [lid.skin for lid in closed],
        [_grey(renderer.hair.mask) for renderer in renderers if renderer.hair],
    ]
    rows = [row for row in rows if row]
    sizes = [[(part.shape[0] + 2 * BORDER, part.shape[1] + 2 * BORDER) for part in row] for row in rows]
    heights = [max(height for height, _ in row) for row in sizes]
    atlas = np.zeros((sum(heights), max(sum(width for _, width in row) for row in sizes), 3), np.uint8)
    places = []
    for nth, (row, size) in enumerate(zip(rows, sizes, strict=True)):
        for part, (height, width), x in zip(row, size, (0, size[0][1])[: len(row)], strict=True):
            y = sum(heights[:nth])
            framed = np.pad(part, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), mode="edge")
            atlas[y : y + height, x : x + width] = np.round(framed)
            places.append((x + BORDER, y + BORDER, width - 2 * BORDER, height - 2 * BORDER))
    return places, atlas


def _grey(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.repeat(255 * mask[..., None], 3, axis=2)


def _quantised(values: NDArray[np.floating], unit: float) -> Integers:
    return np.round(values / unit).astype(np.int32)


def _pair(values: Sequence[float] | NDArray[np.float64], digits: int = 4) -> tuple[float, float]:
    first, second = values
    return round(float(first), digits), round(float(second), digits)
