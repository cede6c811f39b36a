from dataclasses import replace

import cv2
import numpy as np
import pytest

from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.liveportrait.alignment import MEASURED, RAISED, SCALE, SIDE, Alignment
from gpuworker.images import photo
from gpuworker.vision import faces, framing
from gpuworker.vision.framing import SUPERSAMPLING, FramedPortrait


def placed(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def in_square(portrait: FramedPortrait) -> np.ndarray:
    return placed(portrait.landmarks[:, :2] * SUPERSAMPLING, Alignment.of(portrait).to_square)


def test_the_face_fills_the_square_by_the_official_rule(framed: FramedPortrait) -> None:
    points = in_square(framed)[list(MEASURED)]
    low, high = points.min(axis=0), points.max(axis=0)
    assert max(high - low) == pytest.approx(SIDE / SCALE)
    assert (low + high) / 2 == pytest.approx([SIDE / 2, SIDE / 2 + RAISED * SIDE])


def test_eyes_lie_above_the_mouth_whatever_the_roll(framed: FramedPortrait) -> None:
    turned = cv2.getRotationMatrix2D((205, 256), 25, 1.0)
    landmarks = framed.landmarks.copy()
    landmarks[:, :2] = placed(landmarks[:, :2], turned)
    assert np.abs(in_square(replace(framed, landmarks=landmarks)) - in_square(framed)).max() < 1e-6


def test_there_and_back_is_the_same_place(framed: FramedPortrait) -> None:
    alignment = Alignment.of(framed)
    points = np.array([[0.0, 0.0], [100.0, 700.0]])
    assert placed(placed(points, alignment.to_square), alignment.to_picture) == pytest.approx(points)


def test_the_square_shows_what_the_matrix_says(framed: FramedPortrait) -> None:
    """The face is found again in the square, where the matrix puts its landmarks."""
    square = Alignment.of(framed).square(framed.picture)
    assert square.shape == (SIDE, SIDE, 3)
    (face,) = faces.find(square)
    assert np.abs(face.landmarks[:468, :2] - in_square(framed)[:468]).mean() < 0.01 * SIDE


def test_beyond_the_picture_its_edge_goes_on(framed: FramedPortrait) -> None:
    square = Alignment.of(framed).square(np.full_like(framed.picture, 200))
    assert (square == 200).all()


def test_every_portrait_is_seen_as_wide(portrait: np.ndarray) -> None:
    face = faces.choose(faces.find(portrait), None, portrait.shape)
    points = in_square(framing.frame_portrait(photo.Photo(portrait), face, STANDARD_FRAME, "auto"))
    assert 0.25 < np.linalg.norm(points[454] - points[234]) / SIDE < 0.5
