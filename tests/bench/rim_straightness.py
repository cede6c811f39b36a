"""How straight the rims of spectacles stay when a face looks up: residual of their motion from the best affine map.

Along a rim nothing can be tracked, across it its profile can: each point gives the part of its motion that is normal
to the rim, and one affine map is fitted to all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.region import Picture, Points

STEP = 0.25
PROFILE, SEARCH = 3.5, 5.0
"""Frame pixels to each side of a rim that are compared, and by which it may be elsewhere than foretold."""
LEAST_LIKENESS, LEAST_CONTRAST = 0.85, 6.0
"""Correlation of two profiles, and levels of grey, below which a point is not used."""
LEAST_POINTS = 40


class Straightness(NamedTuple):
    """Frame pixels off the affine map."""

    rms: float
    most: float


def straightness(rest: Picture, turned: Picture, rims: list[Points], foretold: list[Points]) -> Straightness | None:
    """rims: lines (n, 2) in the frame `rest`, foretold: about how far each point has moved in `turned`.

    None when too few points are seen again.
    """
    points, normals, moves = [], [], []
    before, after = _grey(rest), _grey(turned)
    for line, move in zip(rims, foretold, strict=True):
        tangent = np.gradient(line, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1) / np.linalg.norm(tangent, axis=1)[:, None]
        offset, seen = _offsets(before, after, line, line + move, normal)
        points.append(line[seen])
        normals.append(normal[seen])
        moves.append(((move * normal).sum(axis=1) + offset)[seen])
    return _off_affine(np.vstack(points), np.vstack(normals), np.concatenate(moves))


def _off_affine(points: Points, normals: Points, moves: NDArray[np.float64]) -> Straightness | None:
    if len(points) < LEAST_POINTS:
        return None
    centred = points - points.mean(axis=0)
    terms = np.column_stack([np.ones(len(points)), centred])
    system = np.hstack([normals[:, :1] * terms, normals[:, 1:] * terms])
    off = moves - system @ np.linalg.lstsq(system, moves, rcond=None)[0]
    return Straightness(float(np.sqrt((off**2).mean())), float(np.abs(off).max()))


def _offsets(
    before: NDArray[np.float32], after: NDArray[np.float32], at: Points, expected: Points, normal: Points
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How much farther along the normal each profile is seen again, and where it is."""
    own = _profiles(before, at, normal, PROFILE)
    wide = _profiles(after, expected, normal, PROFILE + SEARCH)
    n, shifts = own.shape[1], wide.shape[1] - own.shape[1] + 1
    likeness = np.stack([_correlation(own, wide[:, i : i + n]) for i in range(shifts)], axis=-1)
    best = np.clip(likeness.argmax(axis=1), 1, shifts - 2)
    rows = np.arange(len(best))
    low, mid, high = (likeness[rows, best + d] for d in (-1, 0, 1))
    curvature = np.minimum(low - 2 * mid + high, -1e-6)
    finer = np.clip(0.5 * (low - high) / curvature, -1, 1)
    seen = (mid > LEAST_LIKENESS) & (np.ptp(own, axis=1) > LEAST_CONTRAST)
    return (best + finer - (shifts - 1) / 2) * STEP, seen


def _profiles(grey: NDArray[np.float32], points: Points, normal: Points, reach: float) -> NDArray[np.float32]:
    along = np.arange(-round(reach / STEP), round(reach / STEP) + 1) * STEP
    at = points[:, None] + along[None, :, None] * normal[:, None] - 0.5
    maps = at[..., 0].astype(np.float32), at[..., 1].astype(np.float32)
    return np.asarray(cv2.remap(grey, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    a, b = (each - each.mean(axis=1, keepdims=True) for each in (one, other))
    norm = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / np.maximum(norm, 1e-6))


def _grey(picture: Picture) -> NDArray[np.float32]:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
