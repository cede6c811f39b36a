"""Mesh, lids and irises lie where the face has them, whatever the picture's size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gpuworker import landmarks, topology
from gpuworker.faces import Face
from gpuworker.region import Picture
from tests.gpuworker.pictures import chosen, resized

LEFT, RIGHT = 0, 1


def test_irises_lie_in_their_eyes_on_something_dark(astronaut: Picture, face: Face) -> None:
    grey = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    for eye, iris in enumerate(topology.IRISES):
        x, y = face.landmarks[iris][0, :2]
        start, end = face.landmarks[list(topology.EYE_CORNERS[eye]), :2]
        assert start[0] < x < end[0]
        assert grey[int(y) - 1 : int(y) + 2, int(x) - 3 : int(x) + 4].min() < 40
        np.testing.assert_allclose(face.landmarks[iris][0, :2], face.iris_candidates[eye].mean(axis=0), atol=1e-6)


def test_the_left_eye_comes_first(face: Face) -> None:
    left, right = face.iris_candidates.mean(axis=1)
    assert left[0] < face.landmarks[1, 0] < right[0]


def test_lid_contours_come_from_the_iris_model(astronaut: Picture) -> None:
    """Without the right eye's mirror its contour is off by a third of an eye."""
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    face, mirror = chosen(astronaut), chosen(mirrored)
    for eye, other in ((LEFT, RIGHT), (RIGHT, LEFT)):
        contour = face.landmarks[list(topology.LID_CONTOURS[eye]), :2]
        reflected = mirror.landmarks[list(topology.LID_CONTOURS[other]), :2] * [-1, 1] + [astronaut.shape[1], 0]
        width = np.linalg.norm(contour[0] - contour[8])
        assert np.linalg.norm(contour - reflected, axis=1).mean() < 0.06 * width


@pytest.mark.parametrize("scale", [0.6, 1.7, 5.0])
def test_landmarks_do_not_depend_on_the_pictures_resolution(astronaut: Picture, face: Face, scale: float) -> None:
    other = chosen(resized(astronaut, scale))
    difference = np.linalg.norm(other.landmarks[:, :2] / scale - face.landmarks[:, :2], axis=1)
    assert difference.mean() < 0.01 * face.width
    assert other.width / scale == pytest.approx(face.width, rel=0.02)


@pytest.mark.parametrize(("x", "y"), [(37, 0), (0, 23)])
def test_landmarks_move_with_the_picture(astronaut: Picture, face: Face, x: int, y: int) -> None:
    other = chosen(astronaut[y:, x:])
    difference = other.landmarks[:, :2] + [x, y] - face.landmarks[:, :2]
    assert np.linalg.norm(difference.mean(axis=0)) < 0.6
