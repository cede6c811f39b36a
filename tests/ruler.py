"""What a rendered face does, measured on its sheets: yaw, pitch and iris positions by direction.

It judges pictures, not an engine's internals: frames are cut out of the encoded mobile sheets and
measured with the worker's own landmark models. Landmarks are noisy and the iris model under-reports
travel by about 30 %, so curves are averaged over the other axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker import grid
from gpuworker.contract import MANIFEST_NAME, Manifest
from gpuworker.vision import faces
from gpuworker.vision.topology import EYE_CORNERS, IRISES

Points = NDArray[np.float64]

RIGID = (
    6, 197, 195, 5, 4, 1, 168, 8, 9, 151, 10, 108, 337, 109, 338, 67, 297, 54, 284, 21, 251, 162, 389, 127, 356,
    234, 454, 93, 323, 50, 280, 123, 352, 116, 345, 117, 346, 118, 347, 101, 330, 36, 266, 98, 327,
)  # fmt: skip
"""Mesh points of nose, forehead and cheeks, which neither lids nor brows nor mouth move."""


NOISE = 0.015
"""Eye widths by which a single frame's iris may be misread."""


@dataclass(frozen=True)
class Gaze:
    """Measured on the 20×20 grid, each (20, 20), row by row. yaw, pitch: degrees against the middle;
    left, right: iris u over eye width, + to the viewer's right, against the middle."""

    yaw: Points
    pitch: Points
    left: Points
    right: Points

    def rising(self) -> dict[str, Points]:
        """Averaged curves that must rise with x (yaw, irises) or y (pitch)."""
        return {
            "yaw": self.yaw.mean(0),
            "pitch": self.pitch.mean(1),
            "left iris": self.left.mean(0),
            "right iris": self.right.mean(0),
        }

    def disagreeing(self) -> int:
        """Cells, not averaged, in which both irises have clearly moved, but to different sides."""
        clear = np.minimum(np.abs(self.left), np.abs(self.right)) > NOISE
        return int((clear & (np.sign(self.left) != np.sign(self.right))).sum())


def measure(folder: Path) -> Gaze:
    """Measure a finished render's mobile level. About ten seconds."""
    landmarks = _landmarks(folder)
    middle = landmarks[9:11, 9:11].mean((0, 1))
    turns = np.array([[turn(middle, frame) for frame in row] for row in landmarks])
    left, right = (iris_u(landmarks, eye) for eye in (0, 1))
    return Gaze(turns[..., 0], turns[..., 1], left - left[:, 9:11].mean(), right - right[:, 9:11].mean())


def _landmarks(folder: Path) -> Points:
    """(20, 20, 478, 3) frame pixels."""
    manifest = Manifest.loads((folder / MANIFEST_NAME).read_text())
    level = next(level for level in manifest.levels if level.name == grid.MOBILE.name)
    found = np.empty((grid.MOBILE.rows, grid.MOBILE.cols, 478, 3))
    for quadrant, sheet in enumerate(level.sheets):
        rows, cols = grid.MOBILE.quadrant(quadrant)
        with Image.open(folder / sheet) as image:
            pixels = np.asarray(image.convert("RGB"))
        frames = pixels.reshape(len(rows), level.frame.height, len(cols), level.frame.width, 3).swapaxes(1, 2)
        for i, row in enumerate(rows):
            for j, col in enumerate(cols):
                found[row, col] = only_face(np.ascontiguousarray(frames[i, j]))
    return found


def only_face(frame: NDArray[np.uint8]) -> Points:
    seen = faces.find(frame)
    if not seen:
        raise AssertionError("a rendered frame shows no face")
    return max(seen, key=lambda face: face.score).landmarks


def turn(reference: Points, landmarks: Points) -> tuple[float, float]:
    """Yaw (+ to the viewer's right) and pitch (+ down), degrees, by Kabsch's rotation between rigid points."""
    rigid = list(RIGID)
    a, b = reference[rigid] - reference[rigid].mean(0), landmarks[rigid] - landmarks[rigid].mean(0)
    u, _, vt = np.linalg.svd(a.T @ b)
    rotation = vt.T @ np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    yaw = -np.arctan2(-rotation[2, 0], np.hypot(rotation[0, 0], rotation[1, 0]))
    return float(np.degrees(yaw)), float(np.degrees(np.arctan2(rotation[2, 1], rotation[2, 2])))


def iris_u(landmarks: Points, eye: int) -> Points:
    """(20, 20) iris centre along the line between the corners, from their middle, in eye widths."""
    start, end = (landmarks[:, :, corner, :2] for corner in EYE_CORNERS[eye])
    across = end - start
    width = np.linalg.norm(across, axis=-1)
    iris = landmarks[:, :, IRISES[eye]][:, :, 0, :2] - (start + end) / 2
    return np.asarray((iris * across).sum(-1) / width**2)
