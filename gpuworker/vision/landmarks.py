"""Landmarks of one face: the face mesh, and lids and irises from the iris model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.bundled_networks import network
from gpuworker.vision.region import FACE_ROOM, Picture, Points, Region
from gpuworker.vision.topology import (
    EYE_CORNERS,
    IRISES,
    LANDMARKS,
    LID_CONTOURS,
    LOWER_CHEEKS,
    LOWER_LIDS,
    MESH_POINTS,
    NOSE_BRIDGE,
    NOSE_TIP,
    OUTER_CORNERS,
    OVAL,
    UPPER_LIDS,
)

IRIS_CROPS = (2.3, 2.6, 2.9)
"""Side of the iris model's region in eye widths. One is too tight for a far eye; above 3.4 it drifts."""

VIEW_SIDE = 192
"""Pixels to a side of what the face mesh and the measures of a face's colours look at."""

LEVEL_EDGES = 0.5
WEAK_STEP = 0.15
COVERED_SHADE = 0.55
"""`IrisView`: an iris is hidden below the first two and above the third."""
DARKEST = 2
"""Percentile of a face's brightness that `nose_shade` takes for its darkest."""
DARK_NOSE = 0.5
EQUALLY_DARK = 0.2
"""Least excess of an animal's cheeks over its nose's tip in brightness, as a share of the bridge's."""
STRETCH = 6
"""Columns, of the 64 across an eye, whose brightness is taken together in looking for an iris's edge."""


def face_mesh(pixels: Picture, region: Region) -> tuple[Points, float, Region]:
    """Face mesh (468, 3) in picture pixels, its presence 0 … 1, and the region around it.

    Run twice: the second region is laid around the first one's landmarks, as a video tracker would.
    """
    for _ in range(2):
        outputs = network("face_landmark").run(region.read(pixels, VIEW_SIDE) / 255.0)
        values, logit = sorted(outputs, key=lambda output: -output.size)
        points = values.reshape(MESH_POINTS, 3)
        mesh = np.column_stack([region.place(points, VIEW_SIDE), points[:, 2] * region.side / VIEW_SIDE])
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


def face_view(pixels: Picture, mesh: Points, region: Region) -> tuple[Picture, Points]:
    """The region around a mesh, (192, 192, 3), and the mesh's points in it, (468, 2)."""
    return region.read(pixels, VIEW_SIDE), region.locate(mesh, VIEW_SIDE)


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


def nose_shade(view: Picture, points: Points) -> float:
    """Brightness of the nose's tip over that of its bridge, both above the face's darkest: a dog's or a cat's is dark.

    Measured from the darkest, it stays the same when a picture is made lighter or paler. 1 where a nose
    is dark and the cheeks below are, too: that is a dark mask.
    view, points: as of `face_view`.
    """
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = cv2.fillPoly(np.zeros(grey.shape, np.uint8), [np.round(points[list(OVAL)]).astype(np.int32)], 1) > 0
    darkest = _darkest(grey[inside])
    radius = 0.1 * float(np.linalg.norm(points[OUTER_CORNERS[1]] - points[OUTER_CORNERS[0]]))
    tip, bridge = (_mean_around(grey, points[list(ends)].mean(axis=0), radius) for ends in (NOSE_TIP, NOSE_BRIDGE))
    cheeks = float(np.mean([_mean_around(grey, points[index], radius) for index in LOWER_CHEEKS]))
    lit = max(bridge - darkest, 5.0)
    shade = max(tip - darkest, 0.0) / lit
    return 1.0 if shade < DARK_NOSE and cheeks - tip < EQUALLY_DARK * lit else shade


def _darkest(values: NDArray[np.float32]) -> float:
    """Percentile DARKEST. Not by np.percentile, whose first call imports more of NumPy: the sandbox opens no files."""
    rank = len(values) * DARKEST // 100
    return float(np.partition(values, rank)[rank]) if len(values) else 0.0


def _mean_around(grey: NDArray[np.float32], centre: Points, radius: float) -> float:
    """Mean of the pixels of a disc, at least the one in its middle."""
    radius = max(radius, 1.0)
    left, top = np.maximum(np.floor(centre - radius), 0).astype(int)
    right, bottom = np.maximum(np.ceil(centre + radius), 0).astype(int)
    part = grey[top:bottom, left:right]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    near = np.hypot(columns + left + 0.5 - centre[0], rows + top + 0.5 - centre[1]) < radius
    return float(part[near].mean()) if near.any() else 0.0


@dataclass(frozen=True)
class IrisView:
    """Look of an eye's iris in a picture, judged by brightness and by edges; for telling closed eyes.

    shade: brightness over that of the brighter flank beside it; about 1 where a lid covers it.
    uprightness: sum of the gradients across the eye over those along it. An iris has upright edges,
        a lash line has level ones.
    step: how much darker it gets from the white to the iris on the side where that is less, over the
        brighter flank.
    """

    shade: float = 0.0
    uprightness: float = 1.0
    step: float = 1.0

    @property
    def hidden(self) -> bool:
        """Whether nothing of an iris shows, perhaps because the eye is closed."""
        return self.uprightness < LEVEL_EDGES and self.step < WEAK_STEP and self.shade > COVERED_SHADE


def iris_view(pixels: Picture, landmarks: Points, eye: int) -> IrisView:
    """Measured in a square as wide as the eye, around its iris.

    Brightness is taken from a band as high as a narrow opening. A lash line crosses all of it alike,
    so that it does not pass for an iris.
    """
    start, end = landmarks[list(EYE_CORNERS[eye]), :2]
    x, y = landmarks[IRISES[eye]][0, :2]
    side = float(np.linalg.norm(end - start))
    region = Region(float(x), float(y), side, math.atan2(end[1] - start[1], end[0] - start[0]))
    grey = cv2.cvtColor(region.read(pixels, 64), cv2.COLOR_RGB2GRAY).astype(np.float32)
    columns = grey[25:39].mean(axis=0)
    flank = max(float(columns[8:18].mean()), float(columns[46:56].mean()), 1.0)
    middle = grey[20:44, 12:52]
    across, along = (float(np.abs(np.diff(middle, axis=axis)).sum()) for axis in (1, 0))
    return IrisView(
        shade=float(columns[26:38].mean() / flank),
        uprightness=across / max(along, 1.0),
        step=min(_darkening(columns[:32]), _darkening(columns[:31:-1])) / flank,
    )


def _darkening(columns: NDArray[np.float32]) -> float:
    """Largest drop of brightness from one stretch of columns to the next, from outside to the middle."""
    means = np.convolve(columns, np.full(STRETCH, 1 / STRETCH), "valid")
    return float((means[:-STRETCH] - means[STRETCH:]).max())
