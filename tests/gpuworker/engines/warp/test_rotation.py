from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from gpuworker.engines.warp.head import Head
from gpuworker.engines.warp.height import STEP, HeightField
from gpuworker.engines.warp.rotation import LEAST_JACOBIAN, Rotation, least_jacobian
from gpuworker.grid import NEUTRAL, Direction
from gpuworker.vision.framing import FramedPortrait


@pytest.fixture(scope="module")
def rotation(framed: FramedPortrait) -> Rotation:
    head = Head.measure(framed.landmarks)
    field = HeightField.build(framed.landmarks, framed.person, head, framed.frame)
    return Rotation.build(field, head, framed.landmarks, framed.frame)


def _at(rotation: Rotation, framed: FramedPortrait, landmark: int) -> tuple[int, int]:
    x, y = framed.landmarks[landmark, :2]
    return int(y / STEP), int(x / STEP)


def test_nothing_moves_straight_ahead(rotation: Rotation) -> None:
    assert not rotation.displacement(NEUTRAL).any()


@pytest.mark.parametrize(
    ("direction", "axis", "sign"),
    [
        (Direction(15, 0), 0, 1),
        (Direction(-15, 0), 0, -1),
        (Direction(0, 15), 1, 1),
        (Direction(0, -15), 1, -1),
    ],
)
def test_the_nose_moves_where_the_face_looks(
    rotation: Rotation, framed: FramedPortrait, direction: Direction, axis: int, sign: int
) -> None:
    nose = -rotation.displacement(direction)[_at(rotation, framed, 1)]
    assert nose[axis] * sign > 10
    assert abs(nose[1 - axis]) < 5


def test_the_head_may_turn_farther_to_one_side(rotation: Rotation, framed: FramedPortrait) -> None:
    more = replace(rotation, yaw_more=(1.5, 1.0))
    left, right = Direction(-10, 4), Direction(10, 4)
    assert np.array_equal(more.displacement(right), rotation.displacement(right))
    assert np.array_equal(more.displacement(left), rotation.displacement(Direction(-15, 4)))


@pytest.mark.parametrize("direction", [Direction(x, y) for y in (-15, 15) for x in (-15, 15)], ids=str)
def test_what_a_point_shows_is_what_the_turn_takes_there(rotation: Rotation, direction: Direction) -> None:
    """Also at steep flanks, as of the ears: to half a frame pixel."""
    backward, forward = rotation.displacement(direction), rotation._forward(direction)
    rows, cols = np.mgrid[0 : forward.shape[0], 0 : forward.shape[1]]
    places = [rows + backward[..., 1] / STEP, cols + backward[..., 0] / STEP]
    taken = np.stack([map_coordinates(forward[..., axis], places, order=1, mode="nearest") for axis in (0, 1)], -1)
    assert np.abs(backward + taken).max() < 0.5


def test_a_turn_that_folds_the_picture_is_inverted_in_bounded_time(rotation: Rotation) -> None:
    assert np.isfinite(replace(rotation, gain=8.0).displacement(Direction(15, 15))).all()


def test_nothing_outside_the_height_field_moves(rotation: Rotation) -> None:
    outside = rotation.field.height == 0
    for direction in (Direction(15, -15), Direction(-15, 15), Direction(0, -15)):
        assert not rotation.displacement(direction)[outside].any()


def test_brows_rise_only_when_the_face_looks_up(rotation: Rotation, framed: FramedPortrait) -> None:
    brow, calm = _at(rotation, framed, 105), replace(rotation, brows=np.zeros_like(rotation.brows))
    up, down = Direction(0, -15), Direction(0, 15)
    lift = rotation.displacement(up) - calm.displacement(up)
    assert rotation.brows[brow] > 0.8
    assert lift[..., 1].max() > 0.04 * rotation.head.eye_span
    assert np.array_equal(rotation.displacement(down), calm.displacement(down))


def test_the_fold_is_measured(rotation: Rotation) -> None:
    """Without the slope limit and at four times the angle the picture folds, and the Jacobian says so."""
    assert least_jacobian(rotation.displacement(Direction(15, 15))) >= LEAST_JACOBIAN
    wild = replace(rotation, gain=4.0)
    assert least_jacobian(wild.displacement(Direction(15, 15))) < LEAST_JACOBIAN


def test_the_jacobian_of_a_known_stretch_is_its_area_ratio() -> None:
    y, x = np.mgrid[0:20, 0:20].astype(np.float32) * STEP
    stretch = np.stack([-0.5 * x, 0.0 * y], axis=-1).astype(np.float32)
    assert least_jacobian(stretch) == pytest.approx(0.5)


def test_a_turned_source_turns_less(rotation: Rotation, framed: FramedPortrait) -> None:
    turned = replace(Head.measure(framed.landmarks), yaw=30.0)
    gentle = Rotation.build(rotation.field, turned, framed.landmarks, framed.frame)
    assert rotation.yaw_gain == 1
    assert 0.4 <= gentle.yaw_gain < 0.7
