"""Soft masks of lines and filled shapes: OpenCV draws hard edges where a mask is no 8-bit picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.region import Points

FINE = 4
"""Mask pixels a picture pixel."""


@dataclass(frozen=True)
class Line:
    """Line through points (n, 2), in pixels of the picture."""

    points: Points
    thickness: float
    closed: bool = False


def lines(shape: tuple[int, ...], drawn: Sequence[Line]) -> NDArray[np.float32]:
    """(H, W) 0 … 1: where the lines lie in a picture of this shape."""
    canvas = _Canvas.around(shape, np.vstack([line.points for line in drawn]), max(line.thickness for line in drawn))
    for line in drawn:
        thickness = max(1, round(line.thickness * FINE))
        cv2.polylines(canvas.fine, [canvas.own(line.points)], line.closed, 255, thickness)
    return canvas.mask(shape)


def filled(shape: tuple[int, ...], contours: Sequence[Points]) -> NDArray[np.float32]:
    """(H, W) 0 … 1: inside the contours."""
    canvas = _Canvas.around(shape, np.vstack(contours), 1.0)
    for contour in contours:
        cv2.fillPoly(canvas.fine, [canvas.own(contour)], 255)
    return canvas.mask(shape)


@dataclass(frozen=True)
class _Canvas:
    """The part of a picture that is drawn on, FINE times enlarged."""

    corner: tuple[int, int]
    fine: NDArray[np.uint8]

    @classmethod
    def around(cls, shape: tuple[int, ...], points: Points, margin: float) -> _Canvas:
        x0, y0 = np.clip(np.floor(points.min(axis=0) - margin - 1), 0, (shape[1] - 1, shape[0] - 1)).astype(int)
        x1, y1 = np.clip(np.ceil(points.max(axis=0) + margin + 1), (x0 + 1, y0 + 1), (shape[1], shape[0])).astype(int)
        return cls((int(x0), int(y0)), np.zeros(((y1 - y0) * FINE, (x1 - x0) * FINE), np.uint8))

    def own(self, points: Points) -> NDArray[np.int32]:
        return np.round((points - self.corner) * FINE - 0.5).astype(np.int32)

    def mask(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        height, width = (side // FINE for side in self.fine.shape)
        whole = np.zeros(shape[:2], np.float32)
        x, y = self.corner
        small = cv2.resize(self.fine, (width, height), interpolation=cv2.INTER_AREA)
        whole[y : y + height, x : x + width] = small / np.float32(255)
        return whole
