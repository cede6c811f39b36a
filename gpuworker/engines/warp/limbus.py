"""Iris centre and radius from the picture itself, for both eyes together.

Daugman's integro-differential operator on the visible part of the limbus, on the red channel
(where brown and blue irises both stand out), near the iris model's own estimate: the model's
centre is good and a free search drifts. Both sides of the limbus must show. Both eyes share one
radius in pixels. A second, wider search finds the larger irises of drawn faces; it wins only when
it is clearly better.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.smooth import Field

ANGLES = np.linspace(0, 2 * np.pi, 64, endpoint=False)
USABLE_ARC = np.abs(np.sin(ANGLES)) < 0.85
LEFT_ARC, RIGHT_ARC = np.cos(ANGLES) < 0, np.cos(ANGLES) > 0
LEAST_EVIDENCE = 35.0
"""Score below which a fit tells nothing and the model's centre stands."""
NO_EVIDENCE = -200.0
WIDE_MARGIN = 15.0


@dataclass(frozen=True, slots=True)
class Window:
    """Range of the search: radii over the model's, offsets in eye widths, and how strongly to prefer the middle."""

    radii: NDArray[np.float64]
    reach: tuple[float, float]
    spread: tuple[float, float]
    expected_radius: float | None = None

    def penalty(self) -> NDArray[np.float64]:
        if self.expected_radius is None:
            return np.zeros_like(self.radii)
        return np.asarray(2.4 * ((self.radii - self.expected_radius) / 0.08) ** 2)


HUMAN = Window(np.linspace(0.92, 1.18, 9), (0.05, 0.016), (0.035, 0.010), expected_radius=1.05)
DRAWN = Window(np.linspace(1.20, 1.55, 8), (0.13, 0.05), (0.13, 0.05))


def fit_irises(left: Eye, right: Eye) -> None:
    """Set iris and radius of both eyes in place."""
    eyes = (left, right)
    radius = float(np.sqrt(left.radius * right.radius))
    start = [_best_candidate(eye, radius) for eye in eyes]
    human, drawn = _search(eyes, start, radius, HUMAN), _search(eyes, start, radius, DRAWN)
    fit = drawn if drawn.evidence > human.evidence + WIDE_MARGIN else human
    for eye, begin, centre, score in zip(eyes, start, fit.centres, fit.scores, strict=True):
        eye.radius = fit.radius
        eye.iris = centre if score > LEAST_EVIDENCE else begin


@dataclass(frozen=True, slots=True)
class _Fit:
    evidence: float
    radius: float
    centres: list[NDArray[np.float64]]
    scores: list[float]


def _best_candidate(eye: Eye, radius: float) -> NDArray[np.float64]:
    """The mean of the iris model's crops, unless one crop alone meets the limbus clearly better."""

    def score(centre: NDArray[np.float64]) -> float:
        return max(_score(eye, centre, radius * k, HUMAN)[0] for k in (1.0, 1.06, 1.12))

    mean = eye.iris
    scored = [(score(mean), 0, mean)] + [(score(c) - 4, i + 1, c) for i, c in enumerate(eye.candidates)]
    return max(scored, key=lambda each: (each[0], -each[1]))[2]


def _search(eyes: tuple[Eye, Eye], start: list[NDArray[np.float64]], radius: float, window: Window) -> _Fit:
    scored = [
        [_score(eye, centre, radius * k, window) for k in window.radii] for eye, centre in zip(eyes, start, strict=True)
    ]
    evidence = np.array([sum(per_eye[i][0] for per_eye in scored) for i in range(len(window.radii))])
    best = int((evidence - window.penalty()).argmax())
    return _Fit(
        evidence=float(evidence[best]),
        radius=float(radius * window.radii[best]),
        centres=[per_eye[best][1] for per_eye in scored],
        scores=[per_eye[best][0] for per_eye in scored],
    )


def _score(eye: Eye, start: NDArray[np.float64], radius: float, window: Window) -> tuple[float, NDArray[np.float64]]:
    """Best score and centre for one radius: brightness step across the limbus, in percent of the eye's range."""
    w = eye.width
    du, dv = np.meshgrid(np.linspace(-1, 1, 11) * window.reach[0] * w, np.linspace(-1, 1, 5) * window.reach[1] * w)
    centres = np.stack([start[0] + du.ravel(), start[1] + dv.ravel()], axis=-1)
    red, dark, dynamic = _red(eye)
    outside, seen_out = _ring(eye, red, centres, radius * 1.10)
    inside, seen_in = _ring(eye, red, centres, radius * 0.90)
    step = np.clip((outside - inside) / dynamic * 100, -20, 45) + 25 * np.clip((outside - dark) / dynamic, 0, 1)
    seen = seen_out & seen_in
    left, right = _mean(step, seen & LEFT_ARC), _mean(step, seen & RIGHT_ARC)
    drift = (du.ravel() / (window.spread[0] * w)) ** 2 + (dv.ravel() / (window.spread[1] * w)) ** 2
    score = 1.2 * np.minimum(left, right) + 0.8 * np.maximum(left, right) - 1.2 * drift
    best = int(score.argmax())
    return max(float(score[best]), NO_EVIDENCE), centres[best]


def _red(eye: Eye) -> tuple[Field, float, float]:
    """Blurred red channel, its dark end and its range inside the opening."""
    red = cv2.GaussianBlur(eye.pixels[..., 0], (0, 0), max(0.8, 0.012 * eye.width)).astype(np.float32)
    w = eye.width
    inside = (eye.below_upper > 0.04 * w) & (eye.above_lower > 0.03 * w) & (np.abs(eye.u) < 0.45 * w)
    dark, bright = np.percentile(red[inside], [8, 92]) if inside.any() else (0.0, 255.0)
    return red, float(dark), max(float(bright - dark), 12.0)


def _ring(
    eye: Eye, red: Field, centres: NDArray[np.float64], radius: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """red on a circle around each centre (n, 64), and where the lids leave it visible."""
    u = centres[:, :1] + radius * np.cos(ANGLES)
    v = centres[:, 1:] + radius * np.sin(ANGLES)
    upper, lower = eye.sample(eye.upper, u, v), eye.sample(eye.lower, u, v)
    seen = (v > upper + 0.05 * eye.width) & (v < lower - 0.03 * eye.width) & USABLE_ARC
    return eye.sample(red, u, v), seen


def _mean(values: NDArray[np.float64], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Row means over `where`; a row with fewer than four samples counts as no evidence."""
    n = where.sum(1)
    return np.where(n >= 4, (values * where).sum(1) / np.maximum(n, 1), -1e3)
