"""A rig of a few hundred bytes, made by formula: what is told from it needs no face."""

from __future__ import annotations

from typing import Any

import numpy as np

from gpuworker.contract import Size
from gpuworker.rig.model import CURVE, Place, Rig, RigEye, RigHead, RigLid, RigMotion, grid_size

FRAME = Size(64, 70)
WIDTH = 24.0
REACH = 6


def small(**changes: Any) -> Rig:
    """A head that is a bump, with two eyes; `changes` replace its values."""
    columns, rows = grid_size(FRAME)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    bump = np.clip(1 - x**2 - y**2, 0, 1)
    eyes = _eye(0, (20, 50, 60, 76), 1), _eye(1, (68, 50, 108, 76), -1)
    values: dict[str, Any] = {
        "frame": FRAME,
        "alpha": False,
        "intensity": 1.0,
        "head": RigHead((32.0, 35.0), (1.0, 0.0), 30.0, 22.0, 84.0, 1.0, 1.0, (1.0, 1.25)),
        "motion": RigMotion(0.004, 0.004, 0.0007, 0.42, 0.03, 0.004, 0.34, 0.075, 2.05, 3.0, 0.004, 0.35),
        "height": np.round(bump * 20 * 64).astype(np.int32),
        "brows": np.round(bump * 255 * (y < -0.2)).astype(np.int32),
        "eyes": eyes,
        "atlas": _atlas(),
    }
    return Rig(**{**values, **changes})


def _eye(nth: int, box: Place, inner: int) -> RigEye:
    opening = np.round(np.linspace(-1, 1, CURVE) ** 2 * 400 - 400).astype(np.int32)
    side = 2 * REACH + 1
    return RigEye(
        box=box,
        middle=((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),
        along=(1.0, 0.0),
        width=WIDTH,
        inner=inner,
        iris=(0.5, -0.25),
        ahead=0.75,
        photo_y=-2.5,
        radius=4.5,
        softness=1.5,
        travel=(0.15, 0.18),
        white=(1 + 28 * nth, 1, 26, 12),
        white_at=(7, 8),
        texture=(1 + (side + 2) * nth, 15, side, side),
        reach=REACH,
        closes=nth == 0,
        upper=opening,
        lower=-opening,
        lid=RigLid((1, 30, 18, 8), (4, 5), (0.5, 0.45, 0.4)) if nth == 0 else None,
        over=(22, 30, 20, 8) if nth == 0 else None,
    )


def _atlas() -> np.ndarray:
    y, x = np.mgrid[0:39, 0:56]
    return np.stack([200 - y, 190 - x, 180 - x // 2 - y // 2], axis=-1).astype(np.uint8)
