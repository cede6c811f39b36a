"""Height of each point of the frame above the picture plane, on a grid of a quarter of the frame.

Inside the face oval the mesh's own depth plus a lever (the neck's axis lies behind the face); from
there a stiff membrane falls to zero on the background, below the neck and on the frame's border,
so that everything beyond stays still to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.sparse.linalg import splu

from gpuworker.contract import Size
from gpuworker.engines.warp.head import Head
from gpuworker.engines.warp.smooth import Field, smoothstep
from gpuworker.vision.topology import MESH_POINTS, OVAL

Mask = NDArray[np.bool_]

STEP = 4
"""Frame pixels between grid points."""

LEVER = 0.72
"""Pivot behind the mesh origin, in face widths; LivePortrait's own lies .79 behind."""

STEEPEST = 3.6
"""Height per pixel of distance to the still region. More, and the turned head folds over its own edge."""

STIFFNESS = 6.0
"""Weight of the bending term against the stretching term of the membrane."""


@dataclass(frozen=True, slots=True)
class HeightField:
    """x, y: (h, w) float32 frame coordinates (pixel centres at .5) of the grid points;
    height: (h, w) float32 frame pixels, ≥ 0; zero exactly where nothing may ever move."""

    x: Field
    y: Field
    height: Field

    @classmethod
    def build(cls, landmarks: NDArray[np.float64], person: Field, head: Head, frame: Size) -> HeightField:
        """landmarks: (478, 3) frame pixels; person: (H, W) probability 0 … 1."""
        w, h = frame.width // STEP + 1, frame.height // STEP + 1
        x, y = np.meshgrid((np.arange(w) + 0.5) * STEP, (np.arange(h) + 0.5) * STEP)
        face, depth = _face_depth(landmarks, x, y, head)
        still = _still(x, y, person, head) & ~face
        depth = depth * smoothstep(_border_distance(x, y, frame), 0, 0.1 * head.width)
        height = _membrane(np.where(face, depth, 0.0), face, still)
        return cls(x.astype(np.float32), y.astype(np.float32), _limit_slope(height, still, head))


def _face_depth(
    landmarks: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64], head: Head
) -> tuple[Mask, NDArray[np.float64]]:
    """The mask of the face, and its height there: mesh depth, blurred so that the nose has no steep flank."""
    mesh = landmarks[:MESH_POINTS]
    depth = LinearNDInterpolator(mesh[:, :2], -mesh[:, 2])(x, y)
    oval = np.zeros(x.shape, np.uint8)
    cv2.fillPoly(oval, [np.round(landmarks[list(OVAL), :2] / STEP - 0.5).astype(np.int32)], [1])
    face: Mask = (cv2.erode(oval, np.ones((3, 3), np.uint8)) > 0) & ~np.isnan(depth)
    depth = np.where(face, depth, 0.0)
    sigma = max(0.8, 0.03 * head.width / STEP)
    weight = cv2.GaussianBlur(face.astype(np.float64), (0, 0), sigma)
    depth = cv2.GaussianBlur(depth, (0, 0), sigma) / np.maximum(weight, 1e-3)
    return face, np.maximum(depth + LEVER * head.width, 0.12 * head.width)


def _still(x: NDArray[np.float64], y: NDArray[np.float64], person: Field, head: Head) -> Mask:
    """Background, everything below the neck or far from the head, and the frame's border."""
    h, w = x.shape
    margin = max(1, round(0.05 * head.width / STEP))
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    coarse = cv2.resize(person, (w, h), interpolation=cv2.INTER_AREA)
    near = cv2.dilate((coarse > 0.4).astype(np.uint8), ellipse) > 0
    below_chin = (x - head.chin[0]) * head.down[0] + (y - head.chin[1]) * head.down[1]
    away = np.hypot(x - head.centre[0], (y - head.centre[1] + 0.08 * head.height) / 1.15)
    still: Mask = ~near | (below_chin > 0.42 * head.height) | (away > 1.15 * head.height)
    still[[0, -1], :] = True
    still[:, [0, -1]] = True
    return still


def _border_distance(x: NDArray[np.float64], y: NDArray[np.float64], frame: Size) -> NDArray[np.float64]:
    """Frame pixels to the nearest border, so that a face beside it falls off instead of tearing."""
    return np.asarray(np.minimum.reduce([x, y, frame.width - x, frame.height - y]))


def _difference(n: int) -> sp.csr_array:
    return sp.diags_array([-np.ones(n - 1), np.ones(n - 1)], offsets=[0, 1], shape=(n - 1, n), format="csr")


def _membrane(values: NDArray[np.float64], face: Mask, still: Mask) -> NDArray[np.float64]:
    """Solve (L + STIFFNESS·L²) h = 0 between the face (its own height) and the still region (zero).

    The symmetric minimum-degree ordering keeps the factorisation at tens of milliseconds.
    """
    h, w = values.shape
    dx = sp.kron(sp.eye_array(h), _difference(w))
    dy = sp.kron(_difference(h), sp.eye_array(w))
    laplacian = dx.T @ dx + dy.T @ dy
    system = (laplacian + STIFFNESS * (laplacian @ laplacian)).tocsr()
    fixed = (face | still).ravel()
    free = np.flatnonzero(~fixed)
    solution = values.ravel().copy()
    if free.size:
        rows = system[free]
        right = -rows[:, np.flatnonzero(fixed)] @ solution[fixed]
        factor = splu(rows[:, free].tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        solution[free] = factor.solve(right)
    return solution.reshape(h, w)


def _limit_slope(height: NDArray[np.float64], still: Mask, head: Head) -> Field:
    """Clamp to STEEPEST · distance from the still region, with a soft minimum so that no crease shows."""
    field = cv2.GaussianBlur(np.maximum(height, 0), (0, 0), 1.0).astype(np.float32)
    field[still] = 0
    cap = STEEPEST * STEP * cv2.distanceTransform((~still).astype(np.uint8), cv2.DIST_L2, 5)
    band = 0.12 * head.width
    share = np.clip(0.5 + 0.5 * (cap - field) / band, 0, 1)
    soft = cap * (1 - share) + field * share - band * share * (1 - share) * (field > 0)
    field = cv2.GaussianBlur(np.maximum(soft, 0).astype(np.float32), (0, 0), 1.0)
    field[still] = 0
    return np.asarray(field, np.float32)
