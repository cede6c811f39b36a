import numpy as np
import pytest

from gpuworker.engines.liveportrait.gaze import APART, FARTHEST, Gaze
from gpuworker.grid import LIMIT, NEUTRAL, Direction
from tests.gpuworker.engines.liveportrait.official import editor_offsets


def delta(x: float, y: float, gaze: Gaze = Gaze()) -> np.ndarray:  # noqa: B008
    return gaze.motion([Direction(x, y)]).delta[0]


def test_straight_ahead_changes_nothing() -> None:
    motion = Gaze().motion([NEUTRAL])
    assert not motion.delta.any()
    assert not motion.pitch.any()
    assert not motion.yaw.any()


@pytest.mark.parametrize("x", [-15.0, -3.0, 0.0, 4.0, 15.0])
@pytest.mark.parametrize("y", [-15.0, 0.0, 7.0])
@pytest.mark.parametrize("lids", [False, True])
def test_the_coefficients_are_the_editors(x: float, y: float, lids: bool) -> None:
    direction = Direction(x, y)
    official = editor_offsets(direction.x, -direction.y, direction.eyebrow, lids=lids)
    assert np.allclose(delta(x, y, Gaze(lids=float(lids))), official[0].numpy(), atol=1e-7)


def test_head_and_brow_follow_the_grid() -> None:
    motion = Gaze().motion([Direction(10, -8), Direction(-4, 6)])
    assert motion.pitch.tolist() == [-4, 3]
    assert motion.yaw.tolist() == [-5, 2]
    assert motion.delta[0, 1, 1] == pytest.approx(0.008)
    assert motion.delta[0, 2, 1] == pytest.approx(-0.008)
    assert motion.delta[1, 1, 1] == 0


def test_lids_halve_the_eyes_travel_and_move_themselves() -> None:
    still, moving = delta(0, -10), delta(0, -10, Gaze(lids=1))
    assert moving[11, 1] == pytest.approx(still[11, 1] / 2)
    assert still[13, 1] == 0
    assert moving[13, 1] == moving[16, 1] == pytest.approx(-0.0015)


def test_each_eye_has_its_own_gain() -> None:
    assert delta(5, 0, Gaze(gains=(1.2, 1.0)))[11, 0] == pytest.approx(1.2 * 0.0007 * 5)
    assert delta(5, 0, Gaze(gains=(1.0, 0.8)))[15, 0] == pytest.approx(0.8 * 0.001 * 5)


@pytest.mark.parametrize("gains", [(1.0, 1.0), (2.0, 0.5), (0.0, 3.0)])
@pytest.mark.parametrize("x", [-22.5, -15, 15, 22.5])
def test_the_eyes_never_go_too_far_nor_too_far_apart(gains: tuple[float, float], x: float) -> None:
    moved = delta(x, 0, Gaze(gains=gains))
    assert abs(moved[[11, 15], 0]).max() <= FARTHEST + 1e-7
    assert abs(moved[11, 0] - moved[15, 0]) <= APART + 1e-7


def test_at_the_grids_own_edge_nothing_is_clamped() -> None:
    assert delta(LIMIT, 0)[15, 0] == pytest.approx(0.015)
    assert delta(-LIMIT, 0)[11, 0] == pytest.approx(-0.015)
