"""Mesh, lids and irises lie where the face has them, whatever the picture's size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gpuworker.vision import topology
from gpuworker.vision.faces import Face
from gpuworker.vision.landmarks import (
    aperture,
    contour_error,
    eye_landmarks,
    face_mesh,
    face_view,
    iris_view,
    nose_shade,
    with_eyes,
)
from gpuworker.vision.region import Picture, Region
from tests.bench.variants import in_a_mask
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


# -------------------------------------------------------------------- one by one


def around(face: Face, *, wrong: float = 0.0) -> Region:
    """A region like a detector's, off by a share of the face's width."""
    x, y = face.landmarks[1, :2]
    return Region(float(x) + wrong * face.width, float(y), 1.5 * face.width)


def test_the_mesh_is_surely_present_on_a_face_and_not_on_a_wall(astronaut: Picture, face: Face) -> None:
    mesh, presence, region = face_mesh(astronaut, around(face))
    assert mesh.shape == (topology.MESH_POINTS, 3)
    assert presence > 0.99
    assert region.side > np.ptp(mesh[:, 1])
    wall = np.full_like(astronaut, 180)
    assert face_mesh(wall, around(face))[1] < 0.5


@pytest.mark.parametrize("wrong", [-0.3, 0.3])
def test_the_mesh_does_not_depend_on_where_the_detector_saw_the_face(
    astronaut: Picture, face: Face, wrong: float
) -> None:
    mesh, _, _ = face_mesh(astronaut, around(face, wrong=wrong))
    others = [i for i in range(topology.MESH_POINTS) if not any(i in contour for contour in topology.LID_CONTOURS)]
    difference = np.linalg.norm(mesh[others, :2] - face.landmarks[others, :2], axis=1)
    assert difference.mean() < 0.01 * face.width


def test_only_lids_and_irises_come_from_the_eyes(astronaut: Picture, face: Face) -> None:
    mesh, _, region = face_mesh(astronaut, around(face))
    eyes = [eye_landmarks(astronaut, mesh, region, eye) for eye in (LEFT, RIGHT)]
    assert [(contour.shape, irises.shape) for contour, irises in eyes] == [((16, 2), (3, 5, 2))] * 2
    landmarks = with_eyes(mesh, eyes)
    assert landmarks.shape == (topology.LANDMARKS, 3)
    changed = np.flatnonzero((landmarks[: topology.MESH_POINTS] != mesh).any(axis=1))
    assert set(changed) <= {*topology.LID_CONTOURS[LEFT], *topology.LID_CONTOURS[RIGHT]}
    np.testing.assert_array_equal(landmarks[list(topology.LID_CONTOURS[LEFT]), :2], eyes[LEFT][0])


def test_an_aperture_is_the_opening_in_eye_widths() -> None:
    landmarks = np.zeros((topology.LANDMARKS, 3))
    landmarks[list(topology.EYE_CORNERS[RIGHT]), 0] = 10, 30
    landmarks[list(topology.UPPER_LIDS[RIGHT]), :2] = 20, -2
    landmarks[list(topology.LOWER_LIDS[RIGHT]), :2] = 20, 3
    assert aperture(landmarks, RIGHT) == pytest.approx(0.25)


def test_a_contour_error_is_a_distance_in_eye_widths(face: Face) -> None:
    mesh = face.landmarks[: topology.MESH_POINTS]
    contour = mesh[list(topology.LID_CONTOURS[LEFT]), :2]
    start, end = mesh[list(topology.EYE_CORNERS[LEFT]), :2]
    assert contour_error(mesh, LEFT, contour) == 0
    assert contour_error(mesh, LEFT, contour + (end - start) * 0.1) == pytest.approx(0.1)


@pytest.mark.parametrize("eye", [LEFT, RIGHT])
def test_an_iris_shows_by_shade_and_edges_and_a_painted_lid_does_not(astronaut: Picture, face: Face, eye: int) -> None:
    seen = iris_view(astronaut, face.landmarks, eye)
    assert seen.shade < 0.6
    assert seen.step > 0.3
    assert not seen.hidden
    x, y = face.landmarks[topology.IRISES[eye]][0, :2].astype(int)
    lid = astronaut.copy()
    lid[y - 12 : y + 12, x - 20 : x + 20] = 180
    lid[y + 5 : y + 7, x - 20 : x + 20] = 60
    covered = iris_view(lid, face.landmarks, eye)
    assert covered.shade == pytest.approx(1, abs=0.02)
    assert covered.step == pytest.approx(0, abs=0.02)
    assert covered.uprightness < 0.2
    assert covered.hidden


def test_a_dark_tip_of_the_nose_is_told_from_its_bridge(astronaut: Picture, face: Face) -> None:
    mesh = face.landmarks[: topology.MESH_POINTS]
    _, _, region = face_mesh(astronaut, Region(224, 120, 150))
    assert nose_shade(*face_view(astronaut, mesh, region)) == pytest.approx(face.nose_shade, abs=0.05)
    assert face.nose_shade > 0.8
    x, y = mesh[list(topology.NOSE_TIP), :2].mean(axis=0).astype(int)
    dog = astronaut.copy()
    dog[y - 10 : y + 11, x - 10 : x + 11] = 30
    assert nose_shade(*face_view(dog, mesh, region)) < 0.3


def test_a_nose_behind_a_dark_mask_is_no_animals(astronaut: Picture, face: Face) -> None:
    mesh = face.landmarks[: topology.MESH_POINTS]
    masked = in_a_mask(astronaut, face, (40, 44, 52))
    _, _, region = face_mesh(astronaut, Region(224, 120, 150))
    assert nose_shade(*face_view(masked, mesh, region)) == 1
