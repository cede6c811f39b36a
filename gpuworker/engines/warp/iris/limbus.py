"""Iris centre and radius from the picture itself, for both eyes together.

The best circle holds most pixels of the iris's colours and least others, and has a step between them along its visible
arc, on one side at least: the other may touch a corner. It stays near the iris model's own estimate, whose centre is
good and whose radius is short on babies and drawn faces. Both eyes share one radius in pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.iris import edge, likeness
from gpuworker.engines.warp.iris.likeness import STEP, Likeness
from gpuworker.engines.warp.smooth import Field

Vector = NDArray[np.float64]

ANGLES = np.linspace(0, 2 * np.pi, 64, endpoint=False)
USABLE_ARC = np.abs(np.sin(ANGLES)) < 0.88
LEFT_ARC, RIGHT_ARC = np.cos(ANGLES) < 0, np.cos(ANGLES) > 0
RADII = np.linspace(0.88, 1.56, 18)
"""Candidates, in the model's radii."""
EXPECTED_RADIUS, TOLERANCE = 1.06, 0.05
REACH = (0.03, 0.03)
"""Search around the model's centre, in eye widths. A circle that grows goes farther towards a corner that the iris
fills, but only there: into white that is shaded as dark as the iris it would run off."""
CLEARLY = 4.0
"""Score by which one crop of the model must beat the mean of all."""
ENOUGH_CONTRAST = 25.0
"""Distance in Lab between iris and white from which on an eye has its full say."""


def fit_irises(left: Eye, right: Eye) -> None:
    """Set iris, radius and likeness of both eyes in place."""
    eyes = left, right
    models = left.iris, right.iris
    radius = float(np.sqrt(left.radius * right.radius))
    maps = [likeness.measure(eye, eye.iris, radius, inner=0.7, outer=1.35) for eye in eyes]
    starts = [_start(eye, each, radius) for eye, each in zip(eyes, maps, strict=True)]
    found, centres = _search(maps, starts, radius)
    maps = [
        likeness.measure(eye, centre, found, inner=0.85, outer=1.15) for eye, centre in zip(eyes, centres, strict=True)
    ]
    found, centres = _search(maps, starts, radius)
    for eye, centre, colours in zip(eyes, centres, maps, strict=True):
        eye.iris, eye.radius = centre, found
        eye.likeness = colours.sample(colours.values, eye.u, eye.v)
    edge.refine(eyes, models, one_sided=all(any(colours.at_corner) for colours in maps))


def _start(eye: Eye, colours: Likeness, radius: float) -> Vector:
    """The mean of the iris model's crops, unless one crop alone meets the iris clearly better."""
    centres = np.stack([eye.iris, *eye.candidates])
    score = _held(colours, centres, radius, radius) + _step(colours, centres, radius)
    score[0] += CLEARLY
    return np.asarray(centres[score.argmax()], np.float64)


def _search(maps: list[Likeness], starts: list[Vector], radius: float) -> tuple[float, list[Vector]]:
    """The radius that fits both eyes best, and each eye's centre with it."""
    trust = [min(1.0, each.contrast / ENOUGH_CONTRAST) + 0.05 for each in maps]
    evidence = np.array(
        [
            sum(
                t * _best(each, start, radius * k, radius)[0]
                for t, each, start in zip(trust, maps, starts, strict=True)
            )
            for k in RADII
        ]
    )
    evidence -= 20 * sum(trust) * np.maximum(0, np.abs(RADII - EXPECTED_RADIUS) - TOLERANCE)
    found = radius * _peak(RADII, evidence)
    return found, [_best(each, start, found, radius)[1] for each, start in zip(maps, starts, strict=True)]


def _peak(at: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Top of a parabola through the greatest value and its neighbours."""
    best = int(values.argmax())
    if not 0 < best < len(at) - 1:
        return float(at[best])
    before, here, after = values[best - 1 : best + 2]
    bend = before - 2 * here + after
    return float(at[best] + (0.5 * (before - after) / bend * (at[1] - at[0]) if bend < 0 else 0))


def _best(colours: Likeness, start: Vector, radius: float, model_radius: float) -> tuple[float, Vector]:
    """Best score and centre for one radius."""
    w = colours.width
    growth = max(0.0, radius - model_radius)
    left, right = (REACH[0] * w + growth * free for free in colours.at_corner)
    across, down = np.meshgrid(np.linspace(-left, right, 9), np.linspace(-1, 1, 7) * REACH[1] * w)
    du, dv = across.ravel(), down.ravel()
    centres = np.stack([start[0] + du, start[1] + dv], axis=-1)
    drift = (
        5 * (du / (0.10 * w)) ** 2
        + 6 * (np.minimum(dv, 0) / (0.02 * w)) ** 2
        + 3 * (np.maximum(dv, 0) / (0.03 * w)) ** 2
    )
    score = _held(colours, centres, radius, model_radius) + _step(colours, centres, radius) - drift
    best = int(score.argmax())
    return float(score[best]), centres[best]


def _held(colours: Likeness, centres: NDArray[np.float64], radius: float, model_radius: float) -> NDArray[np.float64]:
    """Sum of likeness inside each circle, in percent of the model's iris."""
    cell = STEP * colours.width
    reach = int(np.ceil(radius / cell)) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1] * cell
    disc = np.clip((radius - np.hypot(x, y)) / cell + 0.5, 0, 1).astype(np.float32)
    inside = cv2.filter2D(colours.evidence, cv2.CV_32F, disc, borderType=cv2.BORDER_CONSTANT).astype(np.float32)
    held = colours.sample(inside, centres[None, :, 0], centres[None, :, 1])[0]
    return np.asarray(100 * held * cell**2 / (np.pi * model_radius**2), np.float64)


def _step(colours: Likeness, centres: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Step of likeness across each circle's visible arc, mostly that of the better side."""
    inner, seen_inside = _ring(colours, centres, 0.88 * radius)
    outer, seen_outside = _ring(colours, centres, 1.10 * radius)
    step = np.clip(inner - outer, -0.5, 1.2) * 60
    left, right = (_mean(step, seen_inside & seen_outside & arc) for arc in (LEFT_ARC, RIGHT_ARC))
    return 0.7 * np.maximum(left, right) + 0.3 * np.minimum(left, right)


def _ring(colours: Likeness, centres: NDArray[np.float64], radius: float) -> tuple[Field, NDArray[np.bool_]]:
    """Likeness on a circle around each centre (n, 64), and where lids leave it visible."""
    u = centres[:, :1] + radius * np.cos(ANGLES)
    v = centres[:, 1:] + radius * np.sin(ANGLES)
    return colours.sample(colours.values, u, v), (colours.sample(colours.weight, u, v) > 0.5) & USABLE_ARC


def _mean(values: NDArray[np.float64], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Row means over `where`; a row with fewer than four samples says nothing."""
    n = where.sum(1)
    return np.where(n >= 4, (values * where).sum(1) / np.maximum(n, 1), 0.0)
