import numpy as np
import pytest

from gpuworker.engines.warp.eyes import Eyes
from gpuworker.engines.warp.iris import own_gaze
from gpuworker.grid import NEUTRAL, Direction
from tests.gpuworker.engines.warp.drawn_eyes import WIDTH, draw


def _ahead(u: float, yaw: float = 0.0) -> tuple[float, float]:
    left, right = draw(iris=(u, -0.03), radius=0.2).eyes()
    first, second = own_gaze.ahead((left, right), yaw)
    return first / WIDTH, second / WIDTH


def test_a_sitter_who_looks_at_the_viewer_keeps_the_photos_own_gaze() -> None:
    assert _ahead(0.03) == pytest.approx((0.03, 0.03))


@pytest.mark.parametrize("u", [-0.2, 0.2])
def test_a_sitter_who_looks_aside_meets_the_viewer_with_both_eyes(u: float) -> None:
    """Each iris lies a little outward, where lines of sight meet in front of the face."""
    left, right = _ahead(u)
    assert (left + right) / 2 == pytest.approx(own_gaze.TOWARDS, abs=0.01)
    assert right - left == pytest.approx(2 * own_gaze.OUTWARD)


def test_a_turned_head_looks_at_the_viewer_with_its_irises_aside() -> None:
    assert _ahead(-0.075, yaw=18.0) == pytest.approx((-0.075, -0.075))


def test_a_head_turned_too_far_to_tell_keeps_the_photos_own_gaze() -> None:
    assert _ahead(0.2, yaw=35.0) == pytest.approx((0.2, 0.2))


def test_the_photos_own_gaze_is_taken_off_straight_ahead_and_shown_where_it_looks() -> None:
    drawn = draw(iris=(0.13, -0.03), radius=0.2, model_radius=0.19)
    eyes = Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates)
    assert eyes is not None
    assert np.array(eyes.positions(0.0)) / WIDTH == pytest.approx(np.array([-0.044, 0.056]), abs=0.02)
    for renderer, x in zip(eyes.renderers, eyes.photo_x, strict=True):
        x0, y0, x1, y1 = renderer.eye.box
        assert x > 5
        own = renderer.render(float(renderer.eye.iris[0]), Direction(x, 0.0), nearness=1.0)
        assert np.array_equal(own, drawn.picture[y0:y1, x0:x1])
    painted = drawn.picture.copy()
    eyes.render_into(painted, NEUTRAL)
    assert not np.array_equal(painted, drawn.picture)


@pytest.mark.parametrize("side", [0, 1])
def test_an_eye_that_is_seen_alone_is_measured_by_where_it_should_stand(side: int) -> None:
    eye = draw(iris=((-0.05, 0.05)[side], 0.0)).eyes()[side]
    assert own_gaze.ahead([eye], 0.0) == pytest.approx((eye.iris[0],))
    aside = draw(iris=(0.2, 0.0)).eyes()[side]
    assert own_gaze.ahead([aside], 0.0) == pytest.approx(((0.006 - 0.05 * aside.inner) * aside.width,))
