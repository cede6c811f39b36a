from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.eyes import TRAVEL_V, Eyes
from gpuworker.engines.warp.iris import own_gaze
from gpuworker.engines.warp.iris.own_gaze import IRIS, LEVEL, LOWER, MOST, UPPER, OwnGaze
from gpuworker.grid import NEUTRAL, Direction
from tests.gpuworker.engines.warp.drawn_eyes import WIDTH, DrawnEyes, draw


def _eyes(u: float = 0.0, up: float = 0.0) -> tuple[Eye, Eye]:
    """Eyes whose irises look so many eye widths aside, and up with the lids that follow them."""
    return _turned(draw(iris=(u, -0.03), radius=0.2), u, up)


def _turned(drawn: DrawnEyes, u: float, up: float) -> tuple[Eye, Eye]:
    left, right = drawn.eyes()
    for eye in (left, right):
        eye.iris = np.array([u, IRIS - up]) * WIDTH
        eye.upper_lid, eye.lower_lid = (
            np.column_stack([lid[:, 0], np.full(len(lid), v * WIDTH)])
            for lid, v in ((eye.upper_lid, UPPER - 0.8 * up), (eye.lower_lid, LOWER - 0.25 * up))
        )
    return left, right


def test_a_sitter_who_looks_at_the_viewer_keeps_the_photos_own_gaze() -> None:
    assert own_gaze.measure(_eyes(0.04)) == OwnGaze(0, 0)
    assert own_gaze.measure(_eyes(up=0.02)) == OwnGaze(0, 0)
    assert own_gaze.measure(_eyes(up=-0.04)) == OwnGaze(0, 0)


@pytest.mark.parametrize("u", [-0.2, 0.2])
def test_a_gaze_to_a_side_is_measured(u: float) -> None:
    found = own_gaze.measure(_eyes(u))
    assert found.aside == pytest.approx(u, abs=0.02)
    assert abs(found.down) < 0.01


@pytest.mark.parametrize("up", [0.07, 0.13])
def test_a_gaze_up_is_measured_by_iris_and_lids(up: float) -> None:
    assert own_gaze.measure(_eyes(up=up)).down == pytest.approx(-up, abs=0.01)


def test_an_iris_that_is_high_between_level_lids_does_not_look_up() -> None:
    """It is the corners that hang."""
    left, right = _eyes()
    for eye in (left, right):
        eye.iris[1] -= 0.045 * WIDTH
    assert own_gaze.measure((left, right)) == OwnGaze(0, 0)


def test_a_gaze_far_down_is_taken_off_in_part() -> None:
    """A squint or a smile lowers lids as well."""
    assert -0.14 < -own_gaze.measure(_eyes(up=-0.14)).down < -0.08


def test_never_more_than_eyes_can_turn_is_taken_off() -> None:
    assert own_gaze.measure(_eyes(up=0.2)).down == -MOST


def test_irises_that_are_only_a_little_aside_are_hardly_moved_and_none_stays_far_off() -> None:
    off = np.linspace(0, 0.2, 41)
    left = [u - own_gaze.measure(_eyes(own_gaze.TOWARDS + u)).aside for u in off]
    assert left[9] > 0.03
    assert max(left) < 0.048
    assert np.abs(left[20:]).max() < 0.01


def test_a_gaze_aside_brings_its_vertical_part_along() -> None:
    """Who surely looks past the viewer does so in both directions."""
    assert own_gaze.measure(_eyes(0.2, up=0.03)).down == pytest.approx(-0.03, abs=0.01)


def test_a_head_that_nods_down_has_its_irises_higher() -> None:
    """Its corners go down with it."""
    nodding, level, raised = (own_gaze.measure(_eyes(up=0.045), pitch=LEVEL + turn).down for turn in (15, 0, -15))
    assert raised < level < nodding <= 0


def test_a_turned_head_looks_at_the_viewer_with_its_irises_aside() -> None:
    assert own_gaze.measure(_eyes(-0.075), yaw=18.0).aside == 0


def test_a_head_turned_too_far_to_tell_keeps_the_photos_own_gaze() -> None:
    assert own_gaze.measure(_eyes(0.2, up=0.1), yaw=40.0) == OwnGaze(0, 0)


def test_lids_that_only_blur_has_lowered_do_not_look_down() -> None:
    drawn = draw(iris=(0.0, -0.03), radius=0.2)
    assert own_gaze.measure(_turned(drawn, 0, -0.14)).down > 0.08
    blurred = replace(drawn, picture=np.asarray(cv2.GaussianBlur(drawn.picture, (0, 0), 0.08 * WIDTH), np.uint8))
    assert own_gaze.measure(_turned(blurred, 0, -0.14)).down == 0


def test_both_eyes_are_shifted_alike() -> None:
    """As eyes turn, so that one that stands nearer to its corner is not pulled away from the other."""
    drawn = draw(iris=(0.13, -0.06), radius=0.2, model_radius=0.19)
    eyes = Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates)
    assert eyes is not None
    shifts = [
        (float(each.eye.iris[0]) - at) / WIDTH for each, at in zip(eyes.renderers, eyes.positions(0.0), strict=True)
    ]
    assert shifts[0] == pytest.approx(shifts[1])
    assert shifts[0] > 0.1


def test_the_photos_own_gaze_is_taken_off_straight_ahead_and_shown_where_it_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = draw(iris=(0.13, -0.06), radius=0.2, model_radius=0.19)
    monkeypatch.setattr(own_gaze, "measure", lambda *_: OwnGaze(0.13, -0.05))
    eyes = Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates)
    assert eyes is not None
    assert np.mean(eyes.positions(0.0)) / WIDTH == pytest.approx(0.0, abs=0.02)
    assert eyes.photo_y == pytest.approx(-0.05 / TRAVEL_V)
    for renderer, x in zip(eyes.renderers, eyes.photo_x, strict=True):
        x0, y0, x1, y1 = renderer.eye.box
        assert x > 5
        own = renderer.render(float(renderer.eye.iris[0]), Direction(x, eyes.photo_y), nearness=1.0)
        assert np.array_equal(own, drawn.picture[y0:y1, x0:x1])
    painted = drawn.picture.copy()
    eyes.render_into(painted, NEUTRAL)
    for before, after in zip(_dark_middles(drawn.picture), _dark_middles(painted), strict=True):
        assert after - before == pytest.approx([-0.13 * WIDTH, 0.05 * WIDTH], abs=2)


def _dark_middles(picture: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Middles of the pupils' and irises' lower halves, which no lid hides."""
    places = [np.argwhere(half.mean(-1) < 60)[:, ::-1] for half in np.split(picture, 2, axis=1)]
    return [np.array([np.mean(place[:, 0]), place[:, 1].max()], np.float64) for place in places]


@pytest.mark.parametrize("side", [0, 1])
def test_an_eye_that_is_seen_alone_is_measured_by_where_it_should_stand(side: int) -> None:
    """A little outward, where both lines of sight meet in front of the face."""
    outward = (-0.05, 0.05)[side]
    assert own_gaze.measure([_eyes(outward)[side]]).aside == 0
    assert own_gaze.measure([_eyes(outward + 0.15)[side]]).aside == pytest.approx(0.15, abs=0.01)
