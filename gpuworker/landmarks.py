"""Landmarks of one face: the face mesh, and lids and irises from the iris model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from gpuworker.bundled_networks import network
from gpuworker.region import FACE_ROOM, Picture, Points, Region
from gpuworker.topology import (
    EYE_CORNERS,
    IRISES,
    LANDMARKS,
    LID_CONTOURS,
    LOWER_LIDS,
    MESH_POINTS,
    UPPER_LIDS,
)

IRIS_CROPS = (2.3, 2.6, 2.9)
"""Side of the iris model's region in eye widths. One is too tight for a far eye; above 3.4 it drifts."""


def face_mesh(pixels: Picture, region: Region) -> tuple[Points, float, Region]:
    """Face mesh (468, 3) in picture pixels, its presence 0 … 1, and the region around it.

    Run twice: the second region is laid around the first one's landmarks, as a video tracker would.
    """
    for _ in range(2):
        outputs = network("face_landmark").run(region.read(pixels, 192) / 255.0)
        values, logit = sorted(outputs, key=lambda output: -output.size)
        points = values.reshape(MESH_POINTS, 3)
        mesh = np.column_stack([region.place(points, 192), points[:, 2] * region.side / 192])
        region = _around(mesh, region.reflects)
    return mesh, 1 / (1 + math.exp(-float(np.clip(logit.item(), -80, 80)))), region


def _around(mesh: Points, reflects: bool) -> Region:
    """The region with room around the mesh's bounds in the eyes' own axes."""
    across = mesh[EYE_CORNERS[1][1], :2] - mesh[EYE_CORNERS[0][0], :2]
    angle = math.atan2(across[1], across[0])
    axes = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    turned = mesh[:, :2] @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    x, y = (low + high) / 2 @ axes
    return Region(float(x), float(y), float((high - low).max()) * FACE_ROOM, angle, reflects=reflects)


def eye_landmarks(pixels: Picture, mesh: Points, face: Region, eye: int) -> tuple[Points, Points]:
    """One eye's lid contour (16, 2), mean of three crops, and its iris (3, 5, 2) in each of them."""
    start, end = mesh[list(EYE_CORNERS[eye]), :2]
    x, y = (start + end) / 2
    width = float(np.linalg.norm(end - start))
    contours, irises = [], []
    for crop in IRIS_CROPS:
        # The network knows one eye only; the other is shown to it in a mirror.
        region = replace(face, x=float(x), y=float(y), side=width * crop, mirrored=eye == 1)
        outputs = network("iris_landmark").run(region.read(pixels, 64) / 255.0)
        contour, iris = sorted(outputs, key=lambda output: -output.size)
        contours.append(region.place(contour.reshape(-1, 3)[:16], 64))
        irises.append(region.place(iris.reshape(5, 3), 64))
    return np.mean(contours, axis=0), np.array(irises)


def with_eyes(mesh: Points, eyes: Sequence[tuple[Points, Points]]) -> Points:
    """All 478 landmarks: the mesh with each eye's lid contour (16, 2) and iris (3, 5, 2) set in."""
    landmarks = np.vstack([mesh, np.zeros((LANDMARKS - MESH_POINTS, 3))])
    for eye, (contour, irises) in enumerate(eyes):
        indices = list(LID_CONTOURS[eye])
        landmarks[indices, :2] = contour
        landmarks[IRISES[eye], :2] = irises.mean(axis=0)
        landmarks[IRISES[eye], 2] = mesh[indices, 2].mean()
    return landmarks


def aperture(landmarks: Points, eye: int) -> float:
    """Opening of an eye between the lids' middles, in eye widths."""
    start, end = landmarks[list(EYE_CORNERS[eye]), :2]
    gap = landmarks[list(LOWER_LIDS[eye]), :2].mean(axis=0) - landmarks[list(UPPER_LIDS[eye]), :2].mean(axis=0)
    along = end - start
    return float((along[0] * gap[1] - along[1] * gap[0]) / (along @ along))


def contour_error(mesh: Points, eye: int, contour: Points) -> float:
    """Mean distance of the iris model's lids from the mesh's, in the mesh's eye widths."""
    start, end = mesh[list(EYE_CORNERS[eye]), :2]
    distances = np.linalg.norm(contour - mesh[list(LID_CONTOURS[eye]), :2], axis=1)
    return float(distances.mean() / np.linalg.norm(end - start))


def iris_shade(pixels: Picture, landmarks: Points, eye: int) -> float:
    """Brightness of the iris over that of the brighter flank beside it.

    Measured in a band as high as a narrow opening. A lash line crosses all of it alike, so that it
    does not pass for an iris.
    """
    start, end = landmarks[list(EYE_CORNERS[eye]), :2]
    x, y = landmarks[IRISES[eye]][0, :2]
    side = float(np.linalg.norm(end - start))
    region = Region(float(x), float(y), side, math.atan2(end[1] - start[1], end[0] - start[0]))
    columns = cv2.cvtColor(region.read(pixels, 64), cv2.COLOR_RGB2GRAY)[25:39].mean(axis=0)
    flank = max(columns[8:18].mean(), columns[46:56].mean())
    return float(columns[26:38].mean() / max(flank, 1.0))
