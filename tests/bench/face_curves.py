"""Measures of rendered frames against the photo they show: gaze, head, lids, irises and whites, by landmarks.

The judge sees pictures alone: the worker's own face models look at every frame, and at the photo in the same size, so
that what they misread is misread in both. All lengths of eyes are in eye widths.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from gpuworker.grid import LIMIT, Direction
from gpuworker.vision.region import Picture, Points
from gpuworker.vision.topology import EYES, EyeTopology
from tests import ruler

VALUES = np.linspace(-LIMIT, LIMIT, 7)
X, Y = (axis.ravel() for axis in np.meshgrid(VALUES, VALUES))
REST = len(X) // 2

AT_VIEWER, AT_VIEWER_PER_DEGREE = 0.006, -0.0045
"""u of both irises together when a face looks at the viewer, and its change by the head's yaw in degrees; read off
photos of 80 people."""
LEVEL, LEVEL_PER_DEGREE = (-0.078, -0.218, 0.127), -0.0012
"""v of iris, upper and lower lid of level faces that look at the viewer, and the first one's change by the head's
pitch in degrees from LEVEL_PITCH; read off photos of 130 people."""
LEVEL_PITCH = 7.4
VERTICAL = (0.51, 0.53, 0.32)
"""Weights of the three in how far both irises look too low."""
NOISE = 0.015
"""Eye widths by which an iris may be misread."""


def directions() -> list[Direction]:
    """Directions of the frames that `curves` asks for."""
    return [Direction(float(x), float(y)) for x, y in zip(X, Y, strict=True)]


@dataclass(frozen=True)
class EyeSight:
    """One eye in one picture. u, v: iris centre from the middle between the corners; radius: of the iris; aperture:
    opening between the lids; low: how far it looks too low for a level head; above: white between the iris and the
    upper lid; iris, white: colours in L*a*b*, nan where none is seen."""

    u: float
    v: float
    radius: float
    aperture: float
    low: float
    above: float
    iris: tuple[float, float, float]
    white: float


@dataclass(frozen=True)
class Curves:
    """Values of one face. r: correlation with what was asked for, of lids by rows, which landmarks tell better; iris
    and white: the 90th percentile over all directions."""

    yaw_r: float
    pitch_r: float
    u_r: float
    aperture_r: float
    agreement_r: float
    disagreeing: int
    rest_ssim: float
    iris_colour: float
    iris_radius: float
    white: float
    lid_at_rest: float
    white_above: float
    gaze_error: float
    gaze_error_v: float


def curves(photo: Picture, frames: NDArray[np.uint8]) -> Curves:
    """photo: (H, W, 3) at frame size; frames: (n, H, W, 3), one of each of `directions`."""
    found = [ruler.only_face(np.ascontiguousarray(frame)) for frame in frames]
    own = ruler.only_face(photo)
    turns = np.array([ruler.turn(_upright(own, own), _upright(landmarks, own)) for landmarks in found])
    before = [eye_sight(photo, own, eye) for eye in EYES.values()]
    seen = [[eye_sight(frame, marks, eye) for eye in EYES.values()] for frame, marks in zip(frames, found, strict=True)]
    u, aperture, radius, above, white = (
        np.array([[getattr(eye, name) for eye in eyes] for eyes in seen])
        for name in ("u", "aperture", "radius", "above", "white")
    )
    low = float(np.mean([eye.low for eye in seen[REST]]))
    moved = u - u[REST]
    clear = np.abs(moved).min(axis=1) > NOISE
    colours = np.array([[eye.iris for eye in eyes] for eyes in seen]) - np.array([eye.iris for eye in before])
    return Curves(
        yaw_r=_r(turns[:, 0], X),
        pitch_r=_r(turns[:, 1], Y),
        u_r=min(_r(side, X) for side in u.T),
        aperture_r=min(_r(_by_row(side), -VALUES) for side in aperture.T),
        agreement_r=_r(u[:, 0], u[:, 1]),
        disagreeing=int((clear & (np.sign(moved[:, 0]) != np.sign(moved[:, 1]))).sum()),
        rest_ssim=_ssim(photo, frames[REST], own),
        iris_colour=_most(np.linalg.norm(colours, axis=-1)),
        iris_radius=_most(np.abs(radius / [eye.radius for eye in before] - 1)),
        white=_most(white / [eye.white for eye in before]),
        lid_at_rest=float(np.abs(aperture[REST] - [eye.aperture for eye in before]).max()),
        white_above=float((above - [max(eye.above, 0.0) for eye in before]).max()),
        gaze_error=abs(float(u[REST].mean()) - AT_VIEWER - AT_VIEWER_PER_DEGREE * float(np.clip(_yaw(own), -25, 25))),
        gaze_error_v=abs(low - VERTICAL[0] * LEVEL_PER_DEGREE * (_pitch(_upright(own, own)) - LEVEL_PITCH)),
    )


def eye_sight(picture: Picture, landmarks: Points, eye: EyeTopology) -> EyeSight:
    """picture: (H, W, 3) uint8; landmarks: (478, 3) in its pixels."""
    points = landmarks[:, :2]
    start, end = points[list(eye.corners)]
    width = float(np.linalg.norm(end - start))
    along = (end - start) / width
    axes = np.stack([along, [-along[1], along[0]]], axis=-1) / width
    middle = (start + end) / 2
    iris = (points[list(eye.iris)] - middle) @ axes
    lids = [float(((points[list(lid[3:6])] - middle) @ axes)[:, 1].mean()) for lid in (eye.upper, eye.lower)]
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    colour, white = _colours(picture, points, eye)
    return EyeSight(
        u=float(iris[0, 0]),
        v=float(iris[0, 1]),
        radius=radius,
        aperture=lids[1] - lids[0],
        low=float(np.dot(VERTICAL, np.array([iris[0, 1], *lids]) - LEVEL)),
        above=float(iris[0, 1]) - radius - lids[0],
        iris=colour,
        white=white,
    )


def _colours(picture: Picture, points: Points, eye: EyeTopology) -> tuple[tuple[float, float, float], float]:
    """Mean colour of the iris around its pupil in L*a*b*, and lightness of the white, both clear of the lids."""
    contour = points[[*eye.upper, *eye.lower[-2:0:-1]]]
    (x0, y0), (x1, y1) = np.floor(contour.min(axis=0) - 1).astype(int), np.ceil(contour.max(axis=0) + 1).astype(int)
    part = picture[max(y0, 0) : y1, max(x0, 0) : x1].astype(np.float32) / 255
    lab = cv2.cvtColor(part, cv2.COLOR_RGB2LAB)
    opening = np.zeros(lab.shape[:2], np.uint8)
    inward = contour + (contour.mean(axis=0) - contour) * (0.0, 0.22)  # clear of the lids' shadow and of lashes
    cv2.fillPoly(opening, [np.round((inward - (max(x0, 0), max(y0, 0)) - 0.5) * 16).astype(np.int32)], 1, shift=4)
    iris = points[list(eye.iris)]
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    rows, columns = np.mgrid[max(y0, 0) : max(y0, 0) + lab.shape[0], max(x0, 0) : max(x0, 0) + lab.shape[1]] + 0.5
    rho = np.hypot(columns - iris[0, 0], rows - iris[0, 1]) / radius
    ring, white = (opening > 0) & (rho > 0.4) & (rho < 0.85), (opening > 0) & (rho > 1.2)
    mean = lab[ring].mean(axis=0) if ring.any() else np.full(3, np.nan)
    light = float(np.percentile(lab[white][:, 0], 70)) if white.sum() > 3 else np.nan
    return (float(mean[0]), float(mean[1]), float(mean[2])), light


def _r(values: NDArray[np.float64], asked: NDArray[np.float64]) -> float:
    return float(np.corrcoef(values, asked)[0, 1])


def _by_row(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values.reshape(len(VALUES), -1).mean(axis=1))


def _upright(landmarks: Points, reference: Points) -> Points:
    """Landmarks in the axes of a head that may be tilted."""
    across = reference[263, :2] - reference[33, :2]
    cosine, sine = across / np.linalg.norm(across)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    return np.asarray(landmarks @ turn)


def _most(values: NDArray[np.float64]) -> float:
    """The 90th percentile of what was seen; 0 where nothing was."""
    return float(np.nanpercentile(values, 90)) if np.isfinite(values).any() else 0.0


def _ssim(photo: Picture, frame: Picture, landmarks: Points) -> float:
    """Structural similarity in the face's box."""
    x0, y0 = np.maximum(landmarks[:, :2].min(axis=0), 0).astype(int)
    x1, y1 = landmarks[:, :2].max(axis=0).astype(int)
    return float(structural_similarity(photo[y0:y1, x0:x1], frame[y0:y1, x0:x1], channel_axis=2))


def _yaw(landmarks: Points) -> float:
    across = landmarks[454] - landmarks[234]
    return float(np.degrees(np.arctan2(across[2], across[0])))


def _pitch(upright: Points) -> float:
    along = upright[152] - upright[10]
    return float(np.degrees(np.arctan2(along[2], along[1])))
