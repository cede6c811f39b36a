"""Hair that hangs over an eye: what is painted beneath must not cover it.

Hair is dark against the skin below the eye and comes down from above the brow. It is followed row by row, hardly
sideways, so that lashes, shaded sockets and hair beside the face do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye, lid_curve
from gpuworker.engines.warp.smooth import Field
from gpuworker.vision.framing import SUPERSAMPLING

STEP = 0.02
U, V = np.meshgrid(np.arange(-0.80, 0.81, STEP), np.arange(-1.70, 0.51, STEP))
"""Points that are looked at, in eye widths from the middle."""
FOREHEAD = 0.95
"""Eye widths above the middle from where on what is dark is hair; brows lie below."""
DARKEST = 8
"""Percentile of the forehead's brightness that is its hair's, if it has any."""
AGAINST_SKIN = 0.55
"""Brightness of hair over that of skin, at most."""
NEARER = 0.36
"""Share of the way from the hair's brightness to the skin's up to which a point is dark."""
SLANT = 3
"""Rows in which hair may move sideways by one point."""
BESIDE_IRIS = 0.10
"""Eye widths beside an iris in which is seen how low hair reaches."""
LID = 0.20
"""Eye widths of the upper lid, which moves beneath hair."""
LEAST, MOST = 0.05, 0.60
"""Share that hair takes: of opening and lid, below which there is none to speak of, and of the opening, above which the
eye beneath cannot be told. Of 150 photos and paintings 7 have as much as the first: 4 with hair over an eye, 2 with
hair at its corner, 1 blurred."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Hair:
    """Hair over one eye. share: of the opening that it takes; mask: (h, w) float32 0 … 1 over the eye's box, one pixel
    a frame pixel."""

    share: float
    mask: Field

    @classmethod
    def over(cls, eye: Eye, picture: NDArray[np.uint8]) -> Hair | None:
        """Hair over an eye whose iris was found; None where there is none. picture: (H, W, ≥3) uint8."""
        light = _light(eye, picture)
        dark = _dark(eye, light)
        if dark is None:
            return None
        found = _ending_above(eye, _followed(eye, dark))
        if _share(found, _between_lids(eye, above=LID)) < LEAST:
            return None
        return cls(_share(found, _between_lids(eye)), _over_box(eye, found))

    def spread(self, eye: Eye) -> Field:
        """(h, w, 1): the mask for each pixel of the eye's box."""
        height, width = eye.u.shape
        x, y = np.meshgrid(_finer(width), _finer(height))
        spread = cv2.remap(self.mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(spread, np.float32)[..., None]


def _light(eye: Eye, picture: NDArray[np.uint8]) -> Field:
    """Brightness at the points; beyond the picture its edge goes on."""
    step = STEP * eye.width
    x = eye.middle[0] + (U * eye.along[0] + V * eye.down[0]) * eye.width - 0.5
    y = eye.middle[1] + (U * eye.along[1] + V * eye.down[1]) * eye.width - 0.5
    left, top = (max(0, int(np.floor(places.min() - 3 * step))) for places in (x, y))
    right, bottom = (int(np.ceil(places.max() + 3 * step)) + 1 for places in (x, y))
    part = picture[top : max(bottom, top + 1), left : max(right, left + 1), :3].astype(np.float32)
    light = cv2.GaussianBlur(part, (0, 0), max(0.5, step / 2)) @ np.array([0.3, 0.6, 0.1], np.float32)
    at = (x - left).astype(np.float32), (y - top).astype(np.float32)
    return np.asarray(cv2.remap(light, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _dark(eye: Eye, light: Field) -> Mask | None:
    """Points as dark as the hair above the brow; None where none is dark against the skin."""
    below = V - lid_curve(eye.lower_lid, U * eye.width) / eye.width
    skin = float(np.median(light[(below > 0.1) & (below < 0.3) & (np.abs(U) < 0.4)]))
    hair = float(np.percentile(light[-FOREHEAD > V], DARKEST))
    return None if hair > AGAINST_SKIN * skin else np.asarray(light < hair + NEARER * (skin - hair))


def _followed(eye: Eye, dark: Mask) -> Mask:
    """Dark points that hang together, row below row, with those of the forehead."""
    found, iris = dark.copy(), _iris(eye)
    for row in range(int((V[:, 0] < -FOREHEAD).sum()), len(dark)):
        above = found[row - 1]
        beside = above.copy()
        if row % SLANT == 0:
            beside[1:] |= above[:-1]
            beside[:-1] |= above[1:]
        found[row] &= np.where(iris[row], above, beside)
    return found


def _ending_above(eye: Eye, found: Mask) -> Mask:
    """Hair that reaches the iris, which is as dark, ends as low as beside it, unless it comes out below."""
    u, iris = U[0], _iris(eye)
    centre, radius = eye.iris[0] / eye.width, eye.radius / eye.width
    ends = np.where(found.any(axis=0), V[::-1, 0][found[::-1].argmax(axis=0)], V[0, 0])
    sides = [
        float(np.median(ends[np.abs(u - centre - side * (radius + BESIDE_IRIS / 2)) < BESIDE_IRIS / 2]))
        for side in (-1, 1)
    ]
    lower = np.interp(u, [centre - radius, centre + radius], sides) < V
    comes_out = (found & ~iris & (eye.iris[1] / eye.width < V)).any(axis=0)
    return np.asarray(found & ~(iris & lower & ~comes_out))


def _iris(eye: Eye) -> Mask:
    u, v = eye.iris / eye.width
    return np.asarray(np.hypot(U - u, V - v) < 1.06 * eye.radius / eye.width)


def _between_lids(eye: Eye, above: float = 0.0) -> Mask:
    """The opening, and so many eye widths of the upper lid."""
    upper, lower = (lid_curve(lid, U * eye.width) / eye.width for lid in (eye.upper_lid, eye.lower_lid))
    return np.asarray((upper - above < V) & (lower > V) & (np.abs(U) < 0.47))


def _share(found: Mask, where: Mask) -> float:
    return float(found[where].mean()) if where.any() else 0.0


def _over_box(eye: Eye, found: Mask) -> Field:
    size = eye.u.shape[1] // SUPERSAMPLING, eye.u.shape[0] // SUPERSAMPLING
    u, v = (cv2.resize(own / eye.width, size, interpolation=cv2.INTER_AREA) for own in (eye.u, eye.v))
    soft = cv2.GaussianBlur(found.astype(np.float32), (0, 0), 0.8)
    x, y = ((u - U[0, 0]) / STEP).astype(np.float32), ((v - V[0, 0]) / STEP).astype(np.float32)
    return np.asarray(cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _finer(size: int) -> Field:
    """Places of a box's pixel centres among pixels of frame size."""
    return ((np.arange(size) + 0.5) / SUPERSAMPLING - 0.5).astype(np.float32)
