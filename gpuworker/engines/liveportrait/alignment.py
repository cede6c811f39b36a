"""The square that the nets see: upright, 2.3 faces wide, by the official rule from our own landmarks.

The official rule takes the bounds of landmarks that reach from jaw to brows; the face mesh also knows
the forehead, which would make the square a quarter too large, so the points are chosen to match.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.framing import SUPERSAMPLING, FramedPortrait
from gpuworker.vision.topology import EYES, OVAL

SIDE = 512
"""Pixels of the square; the nets read it at half that side and generate it at the whole."""
SCALE = 2.3
"""Ratio of the square's side to the longer side of the landmarks' bounds."""
RAISED = 0.125
"""The square's centre lies this share of its side above the bounds'."""

MOUTH_CORNERS = (61, 291)
LIPS = (0, 17, *MOUTH_CORNERS)
JAW = OVAL[8:29]
"""Landmarks from cheek to cheek below the eyes."""
MEASURED = (*JAW, *LIPS, *(point for eye in EYES.values() for point in (*eye.brow, *eye.upper, *eye.lower)))
EYE_POINTS = tuple((*eye.corners, eye.upper[4], eye.lower[4]) for eye in EYES.values())


@dataclass(frozen=True)
class Alignment:
    """to_square, to_picture: (2, 3) float64, continuous coordinates of the portrait's picture and of the square."""

    to_square: NDArray[np.float64]
    to_picture: NDArray[np.float64]

    @classmethod
    def of(cls, portrait: FramedPortrait) -> Alignment:
        """Alignment by the official rule, from the portrait's landmarks."""
        points = portrait.landmarks[:, :2] * SUPERSAMPLING
        down = points[list(MOUTH_CORNERS)].mean(axis=0) - points[np.array(EYE_POINTS)].mean(axis=(0, 1))
        angle = math.atan2(-down[0], down[1])
        across = np.array([math.cos(angle), math.sin(angle)])
        axes = np.stack([across, np.array([-across[1], across[0]])])
        turned = points[list(MEASURED)] @ axes.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        side = float((high - low).max()) * SCALE
        centre = (low + high) / 2 - np.array([0.0, RAISED * side])
        turn = axes * (SIDE / side)
        to_square = np.column_stack([turn, SIDE / 2 - centre * SIDE / side])
        back = np.linalg.inv(turn)
        return cls(to_square, np.column_stack([back, -back @ to_square[:, 2]]))

    def square(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(SIDE, SIDE, C) of the portrait's picture, averaged down; its edges continue where it ends."""
        doubled = self._matrix(2.0)
        flags = cv2.INTER_LINEAR
        large = cv2.warpAffine(picture, doubled, (2 * SIDE, 2 * SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.resize(large, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)

    def _matrix(self, scale: float) -> NDArray[np.float64]:
        """Matrix in OpenCV's convention: integer coordinates are pixel centres, ours are at the half."""
        matrix = self.to_square * scale
        matrix[:, 2] += matrix[:, :2] @ np.array([0.5, 0.5]) - 0.5
        return matrix
