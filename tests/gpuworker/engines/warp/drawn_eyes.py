"""Two eyes drawn from numbers, so that what the engine finds can be compared with what is there."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.vision.topology import EYES, SIDES

SKIN, WHITE, IRIS, PUPIL = (196, 150, 128), (226, 222, 216), (88, 58, 40), (18, 14, 12)
WIDTH = 120.0
APERTURE = 0.40
MIDDLES = {"left": np.array([130.0, 120.0]), "right": np.array([350.0, 120.0])}


@dataclass(frozen=True)
class DrawnEyes:
    """picture: (240, 480, 3) uint8; landmarks: (478, 3); candidates: (2, 3, 2)."""

    picture: NDArray[np.uint8]
    landmarks: NDArray[np.float64]
    candidates: NDArray[np.float64]

    def eyes(self) -> tuple[Eye, Eye]:
        left, right = (
            Eye.measure(side, self.picture, self.landmarks, own)
            for side, own in zip(SIDES, self.candidates, strict=True)
        )
        return left, right


def draw(
    iris: tuple[float, float] = (0.02, -0.03),
    radius: float = 0.24,
    aperture: float = APERTURE,
    model_offset: tuple[float, float] = (0.0, 0.0),
    model_radius: float = 0.24 / 1.05,
    model_aperture: float | None = None,
) -> DrawnEyes:
    """iris, radius, aperture: the truth in eye widths; model_*: what the landmarks say of it, or how far off."""
    scale = 4  # drawn large and averaged down, so that edges have the softness of a photo
    canvas = np.full((240 * scale, 480 * scale, 3), SKIN, np.uint8)
    landmarks = np.zeros((478, 3))
    candidates = np.zeros((2, 3, 2))
    for index, side in enumerate(SIDES):
        middle = MIDDLES[side]
        _draw_eye(canvas, middle, np.array(iris), radius, aperture, scale)
        _place(landmarks, side, middle, aperture if model_aperture is None else model_aperture)
        centre = middle + (np.array(iris) + model_offset) * WIDTH
        ring = model_radius * WIDTH * np.array([[1, 0], [0, -1], [-1, 0], [0, 1]])
        landmarks[list(EYES[side].iris), :2] = [centre, *(centre + ring)]
        candidates[index] = centre
    picture = cv2.resize(canvas, (480, 240), interpolation=cv2.INTER_AREA)
    return DrawnEyes(np.asarray(picture, np.uint8), landmarks, candidates)


def _lid(u: NDArray[np.float64], aperture: float) -> NDArray[np.float64]:
    return aperture / 2 * (1 - (2 * u) ** 2)


def _draw_eye(
    canvas: NDArray[np.uint8],
    middle: NDArray[np.float64],
    iris: NDArray[np.float64],
    radius: float,
    aperture: float,
    scale: int,
) -> None:
    y, x = np.mgrid[0 : canvas.shape[0], 0 : canvas.shape[1]]
    u = ((x + 0.5) / scale - middle[0]) / WIDTH
    v = ((y + 0.5) / scale - middle[1]) / WIDTH
    opening = (np.abs(u) < 0.5) & (np.abs(v) < _lid(u, aperture))
    rho = np.hypot(u - iris[0], v - iris[1])
    canvas[opening] = WHITE
    canvas[opening & (rho < radius)] = IRIS
    canvas[opening & (rho < 0.4 * radius)] = PUPIL


def _place(landmarks: NDArray[np.float64], side: str, middle: NDArray[np.float64], aperture: float) -> None:
    eye = EYES[side]  # type: ignore[index]
    u = np.linspace(-0.5, 0.5, len(eye.upper))
    for chain, sign in ((eye.upper, -1), (eye.lower, 1)):
        landmarks[list(chain), :2] = middle + WIDTH * np.stack([u, sign * _lid(u, aperture)], axis=-1)
