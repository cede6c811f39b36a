"""Which pixels of an eye have the colours of its iris, and which those of its white or skin.

An iris has two typical colours, of its dark and of its light part: a light iris is otherwise taken for white. The
white has one on either side of the iris, where the two sides can be told apart from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.smooth import Field, smoothstep

STEP = 0.0125
"""Step of the working grid, in eye widths."""
ACROSS, DOWN = np.arange(-0.60, 0.60, STEP), np.arange(-0.36, 0.34, STEP)
LEAST_SAMPLES = 12
"""Points of the grid that make a colour."""
CHROMA = 1.6
"""Weight of a and b in Lab: shading changes lightness more than colour."""
NOISE = 6.0
"""Distance in Lab below which two colours are hardly two."""
TWO_COLOURS = 12.0
"""Range of lightness from which on an iris has a dark and a light part."""
DOUBTFUL = 0.15
"""Likeness below which a pixel is no part of an iris."""
UNLIKE = 10.0
"""Distance in Lab from the iris's colours from which on shaded white is white."""
DARK_BROWN, PALE = np.array([25.0, 6.4, 9.6]), np.array([75.0, 4.8, 12.8])
"""Iris and white where the picture shows neither."""

Colours = NDArray[np.float64]
"""(n, 3) in Lab, a and b by CHROMA."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Values and weights on a grid in the eye's own coordinates."""

    values: Field
    """(h, w) −1 … 1, positive where a pixel is nearer to the iris's colours than to those around it."""
    weight: Field
    """(h, w) 0 … 1, how surely a pixel belongs to the eye and not to lids or lashes."""
    contrast: float
    """Least distance in Lab between a colour of the iris and one of the white."""
    at_corner: tuple[bool, bool]
    """Whether the iris fills the eye to its left and to its right corner: no white shows there."""
    width: float
    """Width of the eye, source pixels."""

    @property
    def evidence(self) -> Field:
        """How much a pixel speaks for a circle that holds it; a doubtful one speaks against."""
        return (self.values - np.float32(DOUBTFUL)) * self.weight

    def sample(self, field: Field, u: NDArray[np.floating], v: NDArray[np.floating]) -> Field:
        """A field over this grid, bilinear at any (u, v); the border repeats."""
        columns, rows = (u / self.width - ACROSS[0]) / STEP, (v / self.width - DOWN[0]) / STEP
        maps = columns.astype(np.float32), rows.astype(np.float32)
        return np.asarray(cv2.remap(field, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def measure(eye: Eye, centre: NDArray[np.float64], radius: float, *, inner: float, outer: float) -> Likeness:
    """Colours learnt within `inner` radii of a centre (iris) and beyond `outer` radii of it (white)."""
    w = eye.width
    u, v = np.meshgrid(ACROSS * w, DOWN * w)
    colours = _lab(eye, u, v)
    below, above = v - eye.sample(eye.upper, u, v), eye.sample(eye.lower, u, v) - v
    opened = (below > 0.06 * w) & (above > 0.02 * w) & (np.abs(u) < 0.48 * w)
    rho = np.hypot(u - centre[0], v - centre[1])
    iris = _iris_colours(colours[opened & (rho < inner * radius)])
    left, right = (colours[opened & (rho > outer * radius) & (side * (u - centre[0]) > 0)] for side in (-1, 1))
    whites = _white_colours([left, right], iris)
    near = np.abs(u) < 0.4 * w
    skins = [
        np.median(colours[part], axis=0)
        for part in (near & (below < -0.08 * w) & (below > -0.22 * w), near & (above < -0.07 * w) & (above > -0.22 * w))
        if part.any()
    ]
    to_iris, to_other = _distance(colours, iris), _distance(colours, np.array([*whites, *skins]))
    weight = smoothstep(below, 0.03 * w, 0.09 * w) * smoothstep(above, -0.09 * w, -0.03 * w) * (np.abs(u) < 0.52 * w)
    weight = weight * smoothstep(below + above, 0.02 * w, 0.12 * w) * np.where(above < 0, 0.6, 1.0)
    return Likeness(
        values=((to_other - to_iris) / (to_other + to_iris + NOISE)).astype(np.float32),
        weight=weight.astype(np.float32),
        contrast=float(_distance(iris, whites).min()),
        at_corner=(len(left) < LEAST_SAMPLES, len(right) < LEAST_SAMPLES),
        width=w,
    )


def _lab(eye: Eye, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    blurred = cv2.GaussianBlur(eye.pixels, (0, 0), max(0.8, STEP * eye.width)).astype(np.float32)
    rgb = np.clip(eye.sample(blurred, u, v) / np.float32(255), 0, 1).astype(np.float32)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB) * np.array([1, CHROMA, CHROMA]), np.float64)


def _distance(colours: NDArray[np.float64], typical: Colours) -> NDArray[np.float64]:
    """Distance in Lab of each colour to the nearest typical one."""
    return np.asarray(np.min([np.linalg.norm(colours - each, axis=-1) for each in typical], axis=0))


def _iris_colours(samples: Colours) -> Colours:
    """One or two: the darker and the lighter part, without the catch-light."""
    if len(samples) < LEAST_SAMPLES:
        return DARK_BROWN[None]
    samples = samples[samples[:, 0] <= np.percentile(samples[:, 0], 92)]
    low, high = np.percentile(samples[:, 0], [8, 92])
    if high - low < TWO_COLOURS:
        return np.median(samples, axis=0)[None]
    lighter = samples[:, 0] > (low + high) / 2
    return np.array([np.median(samples[~lighter], axis=0), np.median(samples[lighter], axis=0)])


def _white_colours(sides: list[Colours], iris: Colours) -> Colours:
    """One of each side that shows some, unless it is much less unlike the iris than the other."""
    seen = [side for side in sides if len(side) >= LEAST_SAMPLES]
    if not seen:
        return PALE[None]
    found = np.array([np.median(side[side[:, 0] >= np.percentile(side[:, 0], 55)], axis=0) for side in seen])
    unlike = _distance(found, iris)
    return np.asarray(found[unlike >= min(UNLIKE, unlike.max())], np.float64)
