"""The closed lid: skin over the whole eye, grown together from the skin around it, and the colour of its lashes.

No photo shows it. The skin around the eye is spread over the opening, the old lash line and the lower rim, so that no
edge of it can be seen, and shaded as the ball beneath it is round. A shader lets it down as far as a blink has come.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye, lid_curve
from gpuworker.engines.warp.smooth import Field, smoothstep
from gpuworker.vision.framing import SUPERSAMPLING

Picture = NDArray[np.float32]

ABOVE, BELOW, BESIDE = 0.095, 0.05, 0.56
"""Eye widths above the upper margin, below the lower one and beside the middle in which nothing is taken for skin."""
REACH = (0.66, 0.32, 0.20)
"""Eye widths that the picture reaches: beside the middle, above the upper margin and below the lower one."""
HAIR = (0.8, 1.02)
"""Brightness over that of the skin around, from that of a lash to that of skin."""
LOWER_SHARE = 0.6
"""Weight of the skin below the eye: the upper lid's own colour goes on down to its lashes."""
LIGHT, DIM = 0.10, 0.04
"""How much brighter the lid is where the ball stands out, and how much darker in the corners."""
LASHES = np.linspace(-0.055, 0.0, 7)
"""Eye widths below the upper margin at which lashes are looked for."""
DARKEST, LIGHTEST = 0.25, 0.7
"""Bounds of the lash line over the skin: between pale lashes lies a shadow."""
ALONG = np.linspace(-0.36, 0.36, 25)
"""Eye widths from the middle at which lashes are looked at."""


@dataclass(frozen=True, slots=True)
class ClosedLid:
    """Closed lid that a blink lets down over one eye.

    skin: (h, w, 3) float32 0 … 255, one pixel a frame pixel; at: x, y of its corner in the eye's box, source pixels;
    lashes: colour of the lash line over the skin's, red, green, blue, 0 … 1.
    """

    skin: Picture
    at: tuple[int, int]
    lashes: tuple[float, float, float]

    @classmethod
    def of(cls, eye: Eye) -> ClosedLid:
        x, y, width, height = _window(eye)
        own = np.s_[y : y + height * SUPERSAMPLING, x : x + width * SUPERSAMPLING]
        weight = _skin(eye)[own]
        grown = _grown(_averaged(eye.pixels[own] * weight[..., None]), _averaged(weight), eye.width / SUPERSAMPLING)
        whole = eye.pixels.copy()
        whole[own] = cv2.resize(grown, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        shade = _averaged(_ball(eye)[own])
        return cls(np.clip(grown * shade[..., None], 0, 255).astype(np.float32), (x, y), _lashes(eye, whole))


def _window(eye: Eye) -> tuple[int, int, int, int]:
    """x, y in the box, source pixels; width and height in pixels of the closed lid."""
    beside, above, below = (reach * eye.width for reach in REACH)
    near = np.abs(eye.u) < beside
    near &= (eye.v > eye.upper_lid[:, 1].min() - above) & (eye.v < eye.lower_lid[:, 1].max() + below)
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    y, x = int(rows[0]), int(columns[0])
    return x, y, (int(columns[-1]) + 1 - x) // SUPERSAMPLING, (int(rows[-1]) + 1 - y) // SUPERSAMPLING


def _averaged(pixels: Picture) -> Picture:
    """Pixels averaged down to the size of a frame."""
    size = pixels.shape[1] // SUPERSAMPLING, pixels.shape[0] // SUPERSAMPLING
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)


def _skin(eye: Eye) -> Field:
    """(h, w) 0 … 1: how surely a pixel is skin around the eye, without lashes."""
    w, above, below = eye.width, -eye.below_upper / eye.width, -eye.above_lower / eye.width
    beside = np.abs(eye.u) / w
    skin = ((above > ABOVE) | (below > BELOW) | (beside > BESIDE)).astype(np.float32)
    light = eye.pixels @ np.array([0.3, 0.6, 0.1], np.float32)
    around = cv2.GaussianBlur(light * skin, (0, 0), 0.12 * w) / np.maximum(
        cv2.GaussianBlur(skin, (0, 0), 0.12 * w), 1e-3
    )
    near = (above < ABOVE + 0.06) & (below < BELOW + 0.09) & (beside < BESIDE + 0.04)
    bare = np.where(near, smoothstep(light / np.maximum(around, 1), *HAIR), 1)
    return np.asarray(skin * bare * np.where(below > 0, LOWER_SHARE, 1), np.float32)


def _grown(seen: Picture, weight: Field, width: float) -> Picture:
    """Colours of `seen`, which was multiplied by its weight, spread to where the weight is 0, without an edge."""
    grown = _spread(seen, weight)
    for sigma in (0.06, 0.04):
        smooth = cv2.GaussianBlur(grown, (0, 0), max(0.8, sigma * width))
        grown = smooth + (grown - smooth) * weight[..., None]
    return np.asarray(grown, np.float32)


def _spread(seen: Picture, weight: Field) -> Picture:
    """Each pixel of no weight gets the mean of its surroundings at the least scale that knows any."""
    if min(weight.shape) <= 2:
        return np.broadcast_to(seen.sum((0, 1)) / max(float(weight.sum()), 1e-3), seen.shape).astype(np.float32)
    share = cv2.pyrDown(weight)
    sure = np.minimum(1, 4 * share)
    known = cv2.pyrDown(seen) * (sure / np.maximum(share, 1e-6))[..., None]
    coarse = _spread(known.astype(np.float32), sure.astype(np.float32))
    wider = cv2.resize(coarse, weight.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(seen + wider * (1 - weight[..., None]), np.float32)


def _ball(eye: Eye) -> Field:
    """(h, w) about 1: light on a lid that lies over a ball."""
    w, up = eye.width, eye.upper - 0.08 * eye.width
    beside = np.abs(eye.u) / w
    down = (eye.v - up) / np.maximum(eye.lower - up, 1)
    bell = np.clip(1 - (2 * beside) ** 2.2, 0, 1)
    light = LIGHT * bell - DIM * (1 - bell) * np.exp(-(((beside - 0.5) / 0.1) ** 2))
    return np.asarray(1 + light * np.exp(-(((down - 0.45) / 0.3) ** 2)), np.float32)


def _lashes(eye: Eye, lid: Picture) -> tuple[float, float, float]:
    """Colour of the lash line over that of the skin beneath, by its darkest places above the margin."""
    u = ALONG * eye.width
    v = lid_curve(eye.upper_lid, u)[None] + LASHES[:, None] * eye.width
    across = np.broadcast_to(u, v.shape)
    ratio = eye.sample(eye.pixels, across, v) / np.maximum(eye.sample(lid, across, v), 4)
    darkest = np.median(np.sort(ratio, axis=0)[:3].mean(axis=0), axis=0)
    darkest = np.minimum(darkest, darkest @ (0.3, 0.6, 0.1))  # black beside warm skin would look blue
    red, green, blue = np.clip(darkest, DARKEST, LIGHTEST)
    return round(float(red), 3), round(float(green), 3), round(float(blue), 3)
