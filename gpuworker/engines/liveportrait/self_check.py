"""Self-check of an engine: five frames of a known portrait must look where they are told to, by their landmarks.

Wrong weights that fit, a broken kernel or black frames pass every other check; a person would see them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import Size
from gpuworker.engines import Engine
from gpuworker.errors import SelfCheckFailed
from gpuworker.grid import LIMIT, NEUTRAL, Direction
from gpuworker.vision import faces
from gpuworker.vision.faces import Face
from gpuworker.vision.topology import CHIN, EYE_CORNERS, FOREHEAD, IRISES

LEFT, RIGHT, UP, DOWN = Direction(-LIMIT, 0), Direction(LIMIT, 0), Direction(0, -LIMIT), Direction(0, LIMIT)
DIRECTIONS = (NEUTRAL, LEFT, RIGHT, UP, DOWN)

LEAST_YAW, LEAST_PITCH = 3.0, 3.0
"""Degrees between the two ends of an axis; 15 are asked for, about 12 are seen."""
LEAST_IRIS = 0.08
"""Eye widths that the irises travel between left and right; about .33 are seen."""


@dataclass(frozen=True)
class Figures:
    """yaw, pitch: degrees from left to right and from up to down; iris: eye widths from left to right."""

    yaw: float
    pitch: float
    iris: float

    @property
    def good(self) -> bool:
        return self.yaw >= LEAST_YAW and self.pitch >= LEAST_PITCH and self.iris >= LEAST_IRIS

    def __str__(self) -> str:
        return (
            f"yaw {self.yaw:+.1f}° (at least {LEAST_YAW:+.1f}°), pitch {self.pitch:+.1f}° "
            f"(at least {LEAST_PITCH:+.1f}°), iris {self.iris:+.3f} eye widths (at least {LEAST_IRIS:+.3f})"
        )


def check(engine: Engine) -> Figures:
    """Render five directions of the portrait that is set. Raises SelfCheckFailed with the figures."""
    frames = engine.render(DIRECTIONS)[..., :3]
    names = ("straight ahead", "left", "right", "up", "down")
    _, left, right, up, down = (_face(frame, name) for frame, name in zip(frames, names, strict=True))
    figures = Figures(
        yaw=right.yaw - left.yaw,
        pitch=_pitch(down) - _pitch(up),
        iris=_iris(right) - _iris(left),
    )
    if not figures.good:
        raise SelfCheckFailed(f"The engine {engine.name} does not look where it is told to: {figures}.")
    return figures


def _face(frame: NDArray[np.uint8], where: str) -> Face:
    found = faces.find(np.ascontiguousarray(frame))
    if not found or not found[0].human:
        height, width = frame.shape[:2]
        raise SelfCheckFailed(
            f"No face can be seen in the frame ({Size(width, height)}) that should look {where}; "
            f"its brightness is {frame.mean():.0f} ± {frame.std():.0f} of 255."
        )
    return found[0]


def _pitch(face: Face) -> float:
    """Degrees, + is nodded down (the forehead comes closer)."""
    up = face.landmarks[FOREHEAD] - face.landmarks[CHIN]
    return math.degrees(math.atan2(-up[2], math.hypot(up[0], up[1])))


def _iris(face: Face) -> float:
    """Position of the irises, from left to right, between the corners of their eyes, in eye widths, mean of both."""
    places = []
    for corners, iris in zip(EYE_CORNERS, IRISES, strict=True):
        start, end = face.landmarks[list(corners), :2]
        along = end - start
        places.append(float((face.landmarks[iris][0, :2] - start) @ along / (along @ along)))
    return float(np.mean(places))
