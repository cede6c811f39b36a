"""Variants of a photo for benchmarks and tests: each changes what a threshold could wrongly depend on."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker.vision import topology
from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture

LOWER_OVAL = (116, 345, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132)
LIGHT_BLUE = (186, 206, 222)


def darkened(pixels: Picture, faces: Sequence[Face]) -> Picture:
    """Skin half as bright."""
    return _blended(pixels, pixels * 0.5, _skin(pixels, faces))


def lightened(pixels: Picture, faces: Sequence[Face]) -> Picture:
    """Skin half as far from white."""
    return _blended(pixels, 255 - (255.0 - pixels) * 0.5, _skin(pixels, faces))


def light_irises(pixels: Picture, faces: Sequence[Face]) -> Picture:
    """Light blue irises around dark pupils, where the lids leave them free."""
    discs, openings = (np.zeros(pixels.shape[:2], np.float32) for _ in range(2))
    for face in faces:
        for eye in (0, 1):
            iris = face.landmarks[topology.IRISES[eye], :2]
            radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
            _disc(discs, iris[0], radius, 0.8)
            _disc(discs, iris[0], 0.4 * radius, 0.0)
            contour = np.round(face.landmarks[list(topology.LID_CONTOURS[eye]), :2] * 16).astype(np.int32)
            cv2.fillPoly(openings, [cv2.convexHull(contour)], 1.0, cv2.LINE_AA, 4)
    return _blended(pixels, np.full(pixels.shape, LIGHT_BLUE, np.float32), discs * openings)


def compressed(pixels: Picture, _: Sequence[Face]) -> Picture:
    """Picture as a JPEG of quality 40."""
    return encoded_anew(pixels, "JPEG", quality=40)


def encoded_anew(pixels: Picture, kind: str, **options: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return np.asarray(Image.open(file).convert("RGB"))


def kept(pixels: Picture, _: Sequence[Face]) -> Picture:
    """Picture as the site keeps a photo."""
    return encoded_anew(pixels, "WEBP", quality=95, method=2)


def halved(pixels: Picture, _: Sequence[Face]) -> Picture:
    return cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8)


def blurred(pixels: Picture, faces: Sequence[Face]) -> Picture:
    """Picture blurred by a fiftieth of the largest face's width."""
    return cv2.GaussianBlur(pixels, (0, 0), max(0.02 * faces[0].width, 0.5)).astype(np.uint8)


def mirrored(pixels: Picture, _: Sequence[Face]) -> Picture:
    return np.ascontiguousarray(pixels[:, ::-1])


VARIANTS: dict[str, Callable[[Picture, Sequence[Face]], Picture]] = {
    "skin darkened": darkened,
    "skin lightened": lightened,
    "irises lightened": light_irises,
    "JPEG 40": compressed,
    "WebP 95": kept,
    "half size": halved,
    "blurred": blurred,
    "mirrored": mirrored,
}


def shut(pixels: Picture, face: Face, eyes: Sequence[int] = (0, 1)) -> Picture:
    """Skin over each eye's opening, and a lash line along its lower lid."""
    down = np.array([0, 1])
    for eye in eyes:
        contour = face.landmarks[list(topology.LID_CONTOURS[eye]), :2]
        width = float(np.ptp(contour[:, 0]))
        opening = np.vstack([contour[:9] + 0.06 * width * down, contour[9:] - 0.1 * width * down])
        lashes = np.percentile(pixels[_around(contour)].reshape(-1, 3), 2, axis=0).tolist()
        mask = np.zeros(pixels.shape[:2], np.uint8)
        cv2.fillPoly(mask, [cv2.convexHull(np.round(opening * 16).astype(np.int32))], 255, shift=4)
        mask = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=max(1, round(width / 20))).astype(np.uint8)
        pixels = cv2.inpaint(pixels, mask, 3, cv2.INPAINT_TELEA).astype(np.uint8)
        line = np.round((contour[:9] - 0.5) * 16).astype(np.int32)
        cv2.polylines(pixels, [line], False, lashes, max(1, round(width / 20)), cv2.LINE_AA, 4)
    return pixels


def in_sunglasses(pixels: Picture, face: Face) -> Picture:
    """Nearly black lenses over both eyes, with a bridge between them."""
    mask = np.zeros(pixels.shape[:2], np.float32)
    lenses = []
    for corners in topology.EYE_CORNERS:
        start, end = face.landmarks[list(corners), :2]
        lenses.append((start + end) / 2)
        width = float(np.linalg.norm(end - start))
        axes = (round(0.95 * width), round(0.7 * width))
        cv2.ellipse(mask, np.round(lenses[-1]).astype(int).tolist(), axes, face.roll, 0, 360, 0.93, -1, cv2.LINE_AA)
    bridge = [np.round(each).astype(int).tolist() for each in lenses]
    cv2.line(mask, *bridge, 0.93, max(1, round(0.03 * face.width)), cv2.LINE_AA)
    return _blended(pixels, np.full(pixels.shape, 12, np.float32), mask)


def in_a_mask(pixels: Picture, face: Face, colour: tuple[int, int, int] = (196, 218, 232)) -> Picture:
    """A cloth of one colour from the nose's bridge to under the chin."""
    outline = face.landmarks[[*LOWER_OVAL, 195], :2]
    mask = np.zeros(pixels.shape[:2], np.float32)
    cv2.fillPoly(mask, [cv2.convexHull(np.round(outline * 16).astype(np.int32))], 1.0, cv2.LINE_AA, 4)
    shade = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    folds = cv2.GaussianBlur(shade, (0, 0), 0.05 * face.width) / max(float(shade[mask > 0].mean()), 1.0)
    return _blended(pixels, np.clip(np.array(colour) * (0.7 + 0.3 * folds[..., None]), 0, 255), mask)


def _around(points: NDArray[np.float64]) -> tuple[slice, slice]:
    (left, top), (right, bottom) = points.min(axis=0).astype(int), np.ceil(points.max(axis=0)).astype(int)
    return slice(max(top, 0), max(bottom, 1)), slice(max(left, 0), max(right, 1))


def _skin(pixels: Picture, faces: Sequence[Face]) -> NDArray[np.float32]:
    """(H, W) float32, 0 … 1: inside each face's silhouette, softly."""
    mask = np.zeros(pixels.shape[:2], np.float32)
    for face in faces:
        cv2.fillPoly(mask, [np.round(face.landmarks[list(topology.OVAL), :2]).astype(np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), max(0.04 * faces[0].width, 1.0)).astype(np.float32)


def _disc(mask: NDArray[np.float32], centre: NDArray[np.float64], radius: float, value: float) -> None:
    cv2.circle(mask, np.round(centre * 16).astype(int).tolist(), round(radius * 16), value, -1, cv2.LINE_AA, 4)


def _blended(pixels: Picture, other: NDArray[np.floating], mask: NDArray[np.float32]) -> Picture:
    mixed: Picture = np.round(pixels + (other - pixels) * mask[..., None]).astype(np.uint8)
    return mixed
