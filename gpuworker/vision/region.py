"""Regions of interest: the square of a picture that a network looks at, read from it and placed back in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Picture = NDArray[np.uint8]

FACE_ROOM = 1.5
"""Side of a face's region over the face's own, as the face mesh was trained."""


@dataclass(frozen=True)
class Region:
    """A square for a network to look at: centre and side in picture pixels, turned, maybe mirrored.

    angle: radians, + clockwise on the screen; the region's x axis points that way in the picture.
    reflects: what lies outside the picture is its mirror image instead of its edge, continued.
    """

    x: float
    y: float
    side: float
    angle: float = 0.0
    mirrored: bool = False
    reflects: bool = False

    def affine(self, n: int) -> Points:
        """(2, 3): continuous coordinates in the region's n × n pixels → picture."""
        cos, sin = math.cos(self.angle) * self.side / n, math.sin(self.angle) * self.side / n
        flip = -1.0 if self.mirrored else 1.0
        turn = np.array([[flip * cos, -sin], [flip * sin, cos]])
        return np.column_stack([turn, np.array([self.x, self.y]) - turn @ [n / 2, n / 2]])

    def place(self, points: NDArray[Any], n: int) -> Points:
        """(k, 2) points of the region's n × n pixels, in the picture."""
        affine = self.affine(n)
        placed: Points = points[:, :2].astype(np.float64) @ affine[:, :2].T + affine[:, 2]
        return placed

    def locate(self, points: NDArray[Any], n: int) -> Points:
        """(k, 2) points of the picture, in the region's n × n pixels: the inverse of `place`."""
        affine = self.affine(n)
        located: Points = (points[:, :2] - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T
        return located

    def read(self, picture: Picture, n: int) -> Picture:
        """Pixels that the region shows, (n, n, 3) uint8."""
        part, scale, (x, y) = self._surroundings(picture, n)
        affine = (self.affine(n) - [[0, 0, x], [0, 0, y]]) * scale[:, None]
        # warpAffine counts from pixel centres.
        affine[:, 2] += affine[:, :2] @ [0.5, 0.5] - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        outside = cv2.BORDER_REFLECT if self.reflects else cv2.BORDER_REPLICATE
        return cv2.warpAffine(part, affine, (n, n), flags=flags, borderMode=outside).astype(np.uint8)

    def _surroundings(self, picture: Picture, n: int) -> tuple[Picture, Points, tuple[int, int]]:
        """The part of the picture under the region, shrunk to about the region's own resolution first.

        Sampling a large picture straight into a small region would alias; shrinking only the part
        keeps a small face in a large picture at full resolution. Returns part, scale (x, y), origin.
        """
        height, width = picture.shape[:2]
        reach = self.side * math.sqrt(0.5) + 2
        left, right = (int(np.clip(self.x + d, 0, width)) for d in (-reach, reach))
        top, bottom = (int(np.clip(self.y + d, 0, height)) for d in (-reach, reach))
        left, top = min(left, width - 1), min(top, height - 1)
        part = picture[top : max(bottom, top + 1), left : max(right, left + 1)]
        shrink = n / self.side
        if shrink < 0.67:
            size = [max(1, round(side * shrink)) for side in (part.shape[1], part.shape[0])]
            scale = np.array(size) / (part.shape[1], part.shape[0])
            return cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8), scale, (left, top)
        return part, np.ones(2), (left, top)
