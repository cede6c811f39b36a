"""What lies over one eye of a photo, drawn by script: a patch, a curtain of hair, a hand."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture
from gpuworker.vision.topology import EYES, Side
from tests.bench.masks import Line, filled, lines

LEATHER, HAIR = (22, 20, 19), (62, 42, 24)
CHEEK = 117


@dataclass(frozen=True)
class _Axes:
    """Eye widths along the corners and down, from their middle."""

    middle: NDArray[np.float64]
    along: NDArray[np.float64]
    down: NDArray[np.float64]

    @classmethod
    def of(cls, face: Face, side: Side) -> _Axes:
        left, right = face.landmarks[list(EYES[side].corners), :2]
        along = right - left
        return cls((left + right) / 2, along, np.array([-along[1], along[0]]))

    def at(self, u: float, v: float) -> NDArray[np.float64]:
        return np.asarray(self.middle + u * self.along + v * self.down)

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.along))


def patched(pixels: Picture, face: Face, side: Side = "left") -> Picture:
    """A leather patch with its strap."""
    axes = _Axes.of(face, side)
    rim = [axes.at(0.85 * np.cos(t), 0.7 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 48, endpoint=False)]
    outer = -EYES[side].inner
    strap = Line(np.stack([axes.at(0, 0), axes.at(1.8 * outer, -1.6)]), 0.12 * axes.width)
    return _over(pixels, np.maximum(filled(pixels.shape, [np.array(rim)]), lines(pixels.shape, [strap])), LEATHER)


def curtained(pixels: Picture, face: Face, side: Side = "left", lower: float = 0.6, seed: int = 1) -> Picture:
    """Hair that hangs over the eye down to so many eye widths below its middle: by default over all of it."""
    axes, chance = _Axes.of(face, side), np.random.default_rng(seed)
    made = pixels
    for shade in (0.6, 0.8, 1.0, 1.2):
        strands = [
            Line(np.stack([axes.at(u, -2.2), axes.at(u + chance.normal(0, 0.05), lower + chance.normal(0, 0.04))]),
                 0.06 * axes.width)
            for u in np.linspace(-1.0, 0.8, 40) + chance.normal(0, 0.03, 40)
        ]  # fmt: skip
        made = _over(made, lines(pixels.shape, strands), np.array(HAIR) * shade)
    return made


def under_a_thick_fringe(pixels: Picture, face: Face, lower: float = -0.04) -> Picture:
    """Hair over the upper part of both eyes."""
    return curtained(curtained(pixels, face, "left", lower), face, "right", lower)


def behind_a_hand(pixels: Picture, face: Face, side: Side = "left") -> Picture:
    """Four fingers over the eye, of the cheek's colour, with the shadows between them."""
    axes = _Axes.of(face, side)
    x, y = face.landmarks[CHEEK, :2].astype(int)
    skin = pixels[y, x].astype(float)
    made = pixels
    for nth in range(4):
        finger = np.stack([axes.at(-0.8 + 0.5 * nth, -1.2), axes.at(-0.7 + 0.5 * nth, 0.5)])
        for width, light in ((0.56, 0.55), (0.46, 0.88 + 0.04 * nth)):
            made = _over(made, lines(pixels.shape, [Line(finger, width * axes.width)]), skin * light)
    return made


def winking(pixels: Picture, face: Face, side: Side = "left") -> Picture:
    """The eye closed: skin over it, and a line of lashes along its lower lid."""
    axes, topology = _Axes.of(face, side), EYES[side]
    upper, lower = (face.landmarks[list(chain), :2] for chain in (topology.upper, topology.lower))
    x, y = face.landmarks[CHEEK, :2].astype(int)
    lid = np.vstack([upper - 0.10 * axes.down, lower[::-1] + 0.06 * axes.down])
    made = _over(pixels, filled(pixels.shape, [lid]), pixels[y, x] * 0.9)
    return _over(made, lines(pixels.shape, [Line(lower, 0.06 * axes.width)]), HAIR)


def _over(pixels: Picture, mask: NDArray[np.float32], colour: tuple[int, int, int] | NDArray[np.float64]) -> Picture:
    soft = cv2.GaussianBlur(mask, (0, 0), 0.6)[..., None]
    return np.clip(np.round(pixels + (np.asarray(colour) - pixels) * soft), 0, 255).astype(np.uint8)
