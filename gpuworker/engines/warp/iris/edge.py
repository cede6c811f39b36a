"""Centre and radius of both irises set on the step in brightness that the limbus makes.

Likeness of colours finds an iris to about a twentieth of the eye's width; where half of its white lies in shade, less
well. What is left is read off the edge itself, in ratios of light: those do not change where a shadow falls.
"""

from __future__ import annotations

from math import erf, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.smooth import Field

Vector = NDArray[np.float64]

ANGLES = np.linspace(0, 2 * np.pi, 64, endpoint=False)
SIDES = np.cos(ANGLES) < 0, np.cos(ANGLES) > 0
OFFSETS = np.linspace(-0.05, 0.05, 11)
"""Candidate centres around the one that was found, in eye widths each way."""
RADII = np.linspace(0.80, 1.12, 17)
"""Candidates, in the radius that was found."""
BANDS = (0.06, 0.10), (0.12, 0.20)
"""Distance from the limbus at which the step is read, in radii, and the ratio of light (its logarithm) that counts
half: a faint edge in the shade must outweigh a strong one that another circle has on its lit side only."""
DARKER = 0.15
"""Ratio of light (its logarithm) from which on white is darker than the iris in a colour, as beside a blue iris in warm
light."""
AGAINST = 0.3
"""How much a step the other way may speak against a circle."""
FROM_LIDS = 0.05, 0.025
"""Eye widths below the upper and above the lower margin from which on an edge is no lash's or rim's."""
ENOUGH_SAMPLES = 8
"""A side of which fewer points are seen, of 32, has less say."""
STIFF_U, STIFF_V, STIFF_RADIUS, ONE_SIDED = 0.05, 0.15, 0.50, 2.0
"""Costs of the farthest candidates; the greatest step is worth 1. The last is the radius's where both eyes show
their limbus on one side alone: that says little of a diameter."""
NEAR_AND_FAR = 0.1, 0.3
"""Distances in radii: a sharp limbus has its whole step within the first, a blurred one a third of it."""
SIGMAS = np.linspace(0.02, 0.5, 49)
SHARES = np.array([erf(NEAR_AND_FAR[0] / sigma / sqrt(2)) / erf(NEAR_AND_FAR[1] / sigma / sqrt(2)) for sigma in SIGMAS])
"""Share of the step within the first distance for a blur of so many radii."""
HALF_WIDTH = 2.2
"""Half the width of the smooth step that is as soft as a blur, in its sigma."""
FAINTEST = 0.05
"""Step below which softness cannot be told."""
FAINT = 8.0
"""Brightness below which ratios are noise, of 255."""


def refine(eyes: tuple[Eye, Eye], models: tuple[Vector, Vector], *, one_sided: bool) -> None:
    """Set iris and radius of both eyes in place. models: (2,) iris centres in u, v by the iris model, which knows the
    height where lids hide top and bottom; one_sided: whether either iris fills its eye to a corner."""
    stiffness = ONE_SIDED if one_sided else STIFF_RADIUS
    radius = eyes[0].radius
    light = [_light(eye) for eye in eyes]
    around = [_candidates(eye, model) for eye, model in zip(eyes, models, strict=True)]
    best, found = -np.inf, radius
    for share in RADII:
        scores = [
            _step(eye, field, centres, share * radius) - cost
            for eye, field, (centres, cost) in zip(eyes, light, around, strict=True)
        ]
        score = sum(float(each.max()) for each in scores) - stiffness * ((share - 1) / (RADII[0] - 1)) ** 2
        if score > best:
            best, found = score, float(share * radius)
            chosen = [centres[each.argmax()] for each, (centres, _) in zip(scores, around, strict=True)]
    for eye, centre in zip(eyes, chosen, strict=True):
        eye.iris, eye.radius = centre, found


def measure_softness(eyes: tuple[Eye, Eye]) -> None:
    """Set the softness of both eyes in place, by how much of the step lies close to the limbus."""
    close, all_of_it = (sum(_mean_step(eye, distance) for eye in eyes) for distance in NEAR_AND_FAR)
    share = close / all_of_it if all_of_it > FAINTEST else 1.0
    sigma = float(np.interp(-share, -SHARES, SIGMAS)) * eyes[0].radius
    own = float(np.mean([_blur(eye) for eye in eyes]))
    for eye in eyes:
        eye.softness = HALF_WIDTH * float(np.sqrt(max(0.0, sigma**2 - own**2)))


def _mean_step(eye: Eye, distance: float) -> float:
    """Ratio of light across the visible limbus, so many radii to either side; its logarithm."""
    light = _light(eye)
    inner, seen_inside = _ring(eye, light, eye.iris[None], (1 - distance) * eye.radius)
    outer, seen_outside = _ring(eye, light, eye.iris[None], (1 + distance) * eye.radius)
    seen = seen_inside & seen_outside
    return float(((outer - inner) * seen).sum() / max(1, seen.sum()))


def _blur(eye: Eye) -> float:
    """Sigma of the blur in which light is read, source pixels."""
    return max(0.8, 0.0125 * eye.width)


def clearness(eye: Eye) -> float:
    """0 … 1: how clearly the eye shows an iris where it was found. Of 140 photos and paintings all that are sharp have
    .29 or more, the mean of both eyes; a statue and 11 smeared faces 0 to .24."""
    return max(0.0, float(_step(eye, _light(eye), eye.iris[None], eye.radius)[0]))


def _candidates(eye: Eye, model: Vector) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n, 2) centres, and what each costs."""
    du, dv = (each.ravel() * eye.width for each in np.meshgrid(OFFSETS, OFFSETS))
    centres = eye.iris + np.stack([du, dv], axis=-1)
    farthest = OFFSETS[-1] * eye.width
    off_v = (centres[:, 1] - (eye.iris[1] + model[1]) / 2) / farthest
    return centres, STIFF_U * (du / farthest) ** 2 + STIFF_V * off_v**2


def _light(eye: Eye) -> Field:
    """(h, w): logarithm of the light, in the colours in which white and iris differ most."""
    blurred = cv2.GaussianBlur(eye.pixels, (0, 0), _blur(eye))
    light = np.log(blurred + np.float32(FAINT))
    rho = eye.from_iris / eye.radius
    opened = (eye.below_upper > FROM_LIDS[0] * eye.width) & (eye.above_lower > FROM_LIDS[1] * eye.width)
    inside, outside = opened & (rho > 0.5) & (rho < 0.85), opened & (rho > 1.15) & (rho < 1.6)
    weights = np.ones(3)
    if min(inside.sum(), outside.sum()) > ENOUGH_SAMPLES:
        apart = np.median(light[outside], axis=0) - np.median(light[inside], axis=0)
        weights = np.where(apart > -DARKER, np.maximum(apart, 0) + 0.05, apart)
    return np.asarray(light @ (weights / np.abs(weights).sum()), np.float32)


def _step(eye: Eye, light: Field, centres: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """0 … 1 by circle: the step across its visible arc, the mean of both sides. A hidden side says nothing."""
    total = np.zeros(len(centres))
    for distance, half in BANDS:
        inner, seen_inside = _ring(eye, light, centres, (1 - distance) * radius)
        outer, seen_outside = _ring(eye, light, centres, (1 + distance) * radius)
        ratio = (outer - inner) / np.float32(half)
        step = np.where(ratio > 0, ratio / (1 + np.abs(ratio)), np.maximum(ratio, -AGAINST))
        for side in SIDES:
            seen = seen_inside & seen_outside & side
            n = seen.sum(1)
            total += (step * seen).sum(1) / np.maximum(n, 1) * np.minimum(n / ENOUGH_SAMPLES, 1)
    return total / (len(BANDS) * len(SIDES))


def _ring(eye: Eye, light: Field, centres: NDArray[np.float64], radius: float) -> tuple[Field, NDArray[np.bool_]]:
    """Light on a circle around each centre (n, 64), and where it is clear of lids and corners."""
    u, v = centres[:, :1] + radius * np.cos(ANGLES), centres[:, 1:] + radius * np.sin(ANGLES)
    w = eye.width
    below, above = eye.sample(eye.below_upper, u, v), eye.sample(eye.above_lower, u, v)
    return eye.sample(light, u, v), (below > FROM_LIDS[0] * w) & (above > FROM_LIDS[1] * w) & (np.abs(u) < 0.47 * w)
