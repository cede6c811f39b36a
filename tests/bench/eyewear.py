"""Spectacles and sunglasses drawn on a face: rims of four shapes, bridge and arms, clear, reflecting or dark lenses."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture, Points
from gpuworker.vision.topology import EYE_CORNERS, LEFT_CHEEK, OUTER_CORNERS, RIGHT_CHEEK
from tests.bench.masks import Line, filled, lines

ANGLES = np.linspace(0, 2 * np.pi, 96, endpoint=False)
PANE = np.array([(-0.10, -0.34), (0.12, -0.34), (0.02, 0.36), (-0.20, 0.36)])
"""Corners from the middle of a lens, over its width and height."""
BLACK, TORTOISE, GOLD, STEEL = (24, 22, 24), (74, 44, 26), (176, 142, 78), (118, 120, 126)


@dataclass(frozen=True)
class Eyewear:
    """One shape of frames. Lengths are shares of the distance between the outer corners of the eyes.

    half: half width and height of a lens; power: 2 for an ellipse, more for rounded rectangles; rim, brow: thickness
    of the rim, and of its upper half; drop: how far a lens hangs lower at its outer side; bridge: heights of its bars
    above the lenses' middle.
    """

    half: tuple[float, float]
    power: float
    rim: float
    brow: float
    colour: tuple[int, int, int]
    drop: float = 0.0
    bridge: tuple[float, ...] = (0.05,)


SHAPES = {
    "round": Eyewear((0.22, 0.215), 2, 0.016, 0.016, GOLD),
    "rectangle": Eyewear((0.27, 0.165), 4, 0.040, 0.045, BLACK),
    "browline": Eyewear((0.255, 0.19), 3, 0.014, 0.055, TORTOISE, bridge=(0.08,)),
    "aviator": Eyewear((0.265, 0.21), 2.6, 0.018, 0.018, STEEL, drop=0.04, bridge=(0.06, 0.15)),
}


@dataclass(frozen=True)
class Worn:
    """Eyewear in its place on a face, in pixels of the picture."""

    lenses: tuple[Points, Points]
    """(n, 2): contours, the left one first."""
    bridges: tuple[Points, ...]
    arms: tuple[Points, Points]
    span: float

    @classmethod
    def on(cls, face: Face, shape: Eyewear) -> Worn:
        points = face.landmarks[:, :2]
        left, right = points[list(OUTER_CORNERS)]
        span = float(np.linalg.norm(right - left))
        along = (right - left) / span
        down = np.array([-along[1], along[0]])
        widths = [float(np.linalg.norm(np.diff(points[list(ends)], axis=0))) for ends in EYE_CORNERS]
        lenses, bars, arms = [], [], []
        for ends, outward, width, cheek in zip(EYE_CORNERS, (-1, 1), widths, (LEFT_CHEEK, RIGHT_CHEEK), strict=True):
            scale = 2 * width / sum(widths)  # the farther side of a turned face is narrower
            middle = points[list(ends)].mean(axis=0) + span * (0.025 * scale * outward * along + 0.035 * down)
            u, v = _contour(shape)
            v = v + shape.drop * u * outward / shape.half[0] * (v > 0)
            lenses.append(middle + span * (scale * u[:, None] * along + v[:, None] * down))
            bars.append(
                [middle - span * (scale * _half_at(shape, up) * outward * along + up * down) for up in shape.bridge]
            )
            hinge = middle + span * (scale * shape.half[0] * 0.98 * outward * along - 0.06 * down)
            arms.append(np.stack([hinge, points[cheek] + span * (0.03 * outward * along - 0.04 * down)]))
        bridges = tuple(_arched(a, b, 0.02 * span * down) for a, b in zip(*bars, strict=True))
        return cls((lenses[0], lenses[1]), bridges, (arms[0], arms[1]), span)

    @property
    def rims(self) -> list[Points]:
        """Lines that stay as straight as they are, because they are of one stiff piece."""
        return [*self.lenses, *self.bridges]


def wearing(pixels: Picture, face: Face, shape: Eyewear, glare: float = 0.0, dark: float = 0.0) -> Picture:
    """The face behind eyewear. glare: share of white in the window that both lenses mirror; dark: share of black."""
    worn = Worn.on(face, shape)
    glass = filled(pixels.shape, worn.lenses)
    mixed = pixels + (np.array([14.0, 15, 18]) - pixels) * (dark * glass)[..., None]
    mixed += (np.array([238.0, 244, 250]) - mixed) * (glare * glass * _window(pixels, worn))[..., None]
    mixed += (np.array(shape.colour, float) - mixed) * _drawn(pixels, worn, shape)[..., None]
    return np.round(np.clip(mixed, 0, 255)).astype(np.uint8)


def _contour(shape: Eyewear) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    cosine, sine = np.cos(ANGLES), np.sin(ANGLES)
    exponent = 2 / shape.power
    u = shape.half[0] * np.sign(cosine) * np.abs(cosine) ** exponent
    return u, shape.half[1] * np.sign(sine) * np.abs(sine) ** exponent


def _half_at(shape: Eyewear, up: float) -> float:
    """Half the width of a lens so far above its middle."""
    return float(shape.half[0] * (1 - min(1.0, up / shape.half[1]) ** shape.power) ** (1 / shape.power))


def _arched(start: Points, end: Points, sag: Points) -> Points:
    t = np.linspace(0, 1, 12)[:, None]
    return np.asarray(start + (end - start) * t - sag * 4 * t * (1 - t))


def _window(pixels: Picture, worn: Worn) -> NDArray[np.float32]:
    """(H, W) 0 … 1: two slanting panes over the same part of each lens."""
    panes = [
        contour.mean(axis=0) + (PANE + (from_middle, 0)) * np.ptp(contour, axis=0)
        for contour in worn.lenses
        for from_middle in (-0.16, 0.14)
    ]
    return cv2.GaussianBlur(filled(pixels.shape, panes), (0, 0), max(0.5, 0.012 * worn.span)).astype(np.float32)


def _drawn(pixels: Picture, worn: Worn, shape: Eyewear) -> NDArray[np.float32]:
    """(H, W) 0 … 1: rims, bridge and arms."""
    rim, brow = shape.rim * worn.span, shape.brow * worn.span
    return lines(
        pixels.shape,
        [
            *(Line(contour, rim, closed=True) for contour in worn.lenses),
            *(Line(contour[len(ANGLES) // 2 :], brow) for contour in worn.lenses),
            *(Line(bar, max(rim, 0.6 * brow)) for bar in worn.bridges),
            *(Line(arm, brow) for arm in worn.arms),
        ],
    )
