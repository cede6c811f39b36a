"""Everyday faces by script: one portrait in spectacles, behind a fringe, with other eyes, another gaze, another camera.

make bench-realism holds each of them to the same bars as the photo that it was made of.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.grid import Direction
from gpuworker.images import photo
from gpuworker.vision import framing, topology
from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture
from tests.bench.eyewear import SHAPES, wearing
from tests.bench.masks import Line, filled, lines
from tests.bench.over_eyes import behind_a_hand, patched, under_a_thick_fringe
from tests.bench.variants import darkened, lightened
from tests.gpuworker.variants import tilted

Variant = Callable[[Picture, Face], Picture]
"""Another picture of the same face, from (H, W, 3) uint8."""

DARK_BROWN, LIGHT_BLUE = (44, 28, 20), (150, 172, 192)
GAZES = {
    "looks left": (-8.0, 0.0),
    "looks right": (8.0, 0.0),
    "looks up": (0.0, -8.0),
    "looks far up": (-5.0, -18.0),
    "looks down aside": (6.0, 7.0),
}
"""Directions of the eyes alone, in grid units."""


def as_it_is(pixels: Picture, _: Face) -> Picture:
    return pixels


def light_irises(pixels: Picture, face: Face) -> Picture:
    """Irises of a light blue, around the pupils that are there."""
    return _tinted(pixels, LIGHT_BLUE, _irises(pixels, face, outside=0.42), 0.6)


def dark_irises(pixels: Picture, face: Face) -> Picture:
    """Irises of a dark brown, with the light that lies on them."""
    return _tinted(pixels, DARK_BROWN, _irises(pixels, face), 0.85)


def fringed(pixels: Picture, face: Face, seed: int = 3) -> Picture:
    """Strands of hair from the forehead over the brows, some of them down to the irises."""
    chance = np.random.default_rng(seed)
    points = face.landmarks[:, :2]
    left, right = points[list(topology.OUTER_CORNERS)]
    span = float(np.linalg.norm(right - left))
    along = (right - left) / span
    down = np.array([-along[1], along[0]])
    strands, t = [], np.linspace(0, 1, 16)[:, None]
    for at in np.linspace(-0.62, 0.62, 90):
        start = points[topology.FOREHEAD] + span * (0.9 * at * along + chance.uniform(-0.08, 0.12) * down)
        end = (left + right) / 2 + span * ((at + 0.04 * chance.normal()) * along + chance.uniform(-0.26, 0.0) * down)
        path = start + (end - start) * t + chance.uniform(-0.04, 0.06) * span * np.sin(np.pi * t) * along
        strands.append(Line(path, chance.uniform(0.004, 0.012) * span))
    hair = np.percentile(pixels[_around(points[topology.FOREHEAD], 0.7 * span)].reshape(-1, 3), 6, axis=0)
    return _rounded(pixels + (hair - pixels) * 0.9 * lines(pixels.shape, strands)[..., None])


def looking(pixels: Picture, face: Face, gaze: tuple[float, float]) -> Picture:
    """The framed crop with its eyes turned by the engine, the head as it was."""
    portrait = framing.frame_portrait(photo.Photo(pixels), face, STANDARD_FRAME, "auto")
    engine = WarpEngine()
    engine.set_portrait(portrait)
    turned = portrait.picture.copy()
    if engine._eyes:
        engine._eyes.render_into(turned, Direction(*gaze))
    return turned


def grained(pixels: Picture, _: Face, seed: int = 5) -> Picture:
    """Grain of a fast film: brightness by 9 levels, each colour by 4."""
    chance = np.random.default_rng(seed)
    shape = pixels.shape
    return _rounded(pixels + chance.normal(0, 9, (*shape[:2], 1)) + chance.normal(0, 4, shape))


def softened(pixels: Picture, face: Face) -> Picture:
    """Picture out of focus by a hundredth of the face's width."""
    return cv2.GaussianBlur(pixels, (0, 0), max(0.01 * face.width, 0.5)).astype(np.uint8)


def _of_faces(function: Callable[[Picture, list[Face]], Picture]) -> Variant:
    return lambda pixels, face: function(pixels, [face])


def _tilted(pixels: Picture, _: Face, degrees: float) -> Picture:
    return tilted(pixels, degrees)


def _wearing(pixels: Picture, face: Face, name: str, glare: float = 0.0) -> Picture:
    return wearing(pixels, face, SHAPES[name], glare)


EVERYDAY: dict[str, Variant] = {
    "as it is": as_it_is,
    **{f"{name} spectacles": partial(_wearing, name=name) for name in SHAPES},
    "glare on round": partial(_wearing, name="round", glare=0.55),
    "glare on rectangle": partial(_wearing, name="rectangle", glare=0.8),
    "light irises": light_irises,
    "dark irises": dark_irises,
    "light skin": _of_faces(lightened),
    "dark skin": _of_faces(darkened),
    "fringe": fringed,
    **{name: partial(looking, gaze=gaze) for name, gaze in GAZES.items()},
    "thick fringe": under_a_thick_fringe,
    "patch": patched,
    "hand over an eye": behind_a_hand,
    "tilted left": partial(_tilted, degrees=13.0),
    "tilted right": partial(_tilted, degrees=-13.0),
    "grain": grained,
    "blur": softened,
}

SPECTACLES = {
    **{f"{name} spectacles": shape for name, shape in SHAPES.items()},
    "glare on round": SHAPES["round"],
    "glare on rectangle": SHAPES["rectangle"],
}
"""Which eyewear a variant shows, by its name."""


def _irises(pixels: Picture, face: Face, outside: float = 0.0) -> NDArray[np.float32]:
    """(H, W) 0 … 1: both irises, where the lids leave them free, from so many radii on."""
    mask = np.zeros(pixels.shape[:2], np.float32)
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    for ring, contour in zip(topology.IRISES, topology.LID_CONTOURS, strict=True):
        iris, lids = face.landmarks[ring, :2], face.landmarks[list(contour), :2]
        radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
        opening = cv2.convexHull(lids.astype(np.float32))[:, 0]
        pupil = filled(pixels.shape, [iris[0] + max(outside, 0.01) * radius * circle])
        mask += filled(pixels.shape, [iris[0] + radius * circle]) * filled(pixels.shape, [opening]) * (1 - pupil)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.7), np.float32)


def _tinted(pixels: Picture, colour: tuple[int, int, int], mask: NDArray[np.float32], share: float) -> Picture:
    light = pixels.max(axis=-1, keepdims=True).astype(np.float32) / 255
    return _rounded(pixels + (np.array(colour) * (0.5 + light) - pixels) * share * mask[..., None])


def _around(middle: NDArray[np.float64], reach: float) -> tuple[slice, slice]:
    """Rows and columns of a square around a point; where it leaves the picture, from its edge on."""
    (left, top), (right, bottom) = np.maximum(middle - reach, 0), np.maximum(middle + reach, 1)
    return slice(int(top), int(np.ceil(bottom))), slice(int(left), int(np.ceil(right)))


def _rounded(pixels: NDArray[np.floating]) -> Picture:
    return np.round(np.clip(pixels, 0, 255)).astype(np.uint8)
