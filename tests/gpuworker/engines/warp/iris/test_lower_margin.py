import numpy as np
import pytest

from gpuworker.engines.warp.eye import Eye, lid_curve
from gpuworker.engines.warp.eyes import Eyes
from gpuworker.engines.warp.iris import limbus, lower_margin
from gpuworker.grid import Direction
from tests.gpuworker.engines.warp.drawn_eyes import IRIS, WIDTH, DrawnEyes, draw


def _too_high() -> DrawnEyes:
    """Large eyes whose lower margin was measured across the iris, as on babies and drawn faces."""
    return draw(iris=(0.0, 0.0), radius=0.27, model_radius=0.25, aperture=0.52, model_aperture=0.38)


def _followed(drawn: DrawnEyes) -> Eye:
    left, right = drawn.eyes()
    limbus.fit_irises(left, right)
    lower_margin.follow(left)
    return left


def test_a_margin_across_the_iris_goes_down_to_its_end() -> None:
    eye = _followed(_too_high())
    at = lid_curve(eye.lower_lid, np.array([-0.45, 0.0, 0.45]) * WIDTH) / WIDTH
    assert at[1] == pytest.approx(0.26, abs=0.025)
    assert at[0] < 0.08
    assert np.abs(eye.lower - lid_curve(eye.lower_lid, eye.u)).max() == 0


def test_a_true_margin_stays() -> None:
    drawn = draw(iris=(0.0, -0.03), radius=0.24, model_radius=0.23)
    before = drawn.eyes()[0].lower_lid
    assert np.array_equal(_followed(drawn).lower_lid, before)


def test_a_dark_line_of_lashes_below_a_true_margin_is_no_iris() -> None:
    drawn = draw(iris=(0.0, -0.03), radius=0.24, model_radius=0.23)
    left, right = drawn.eyes()
    before = left.lower_lid
    for eye in (left, right):
        eye.pixels[(eye.v > eye.lower) & (eye.v < eye.lower + 0.02 * WIDTH)] = IRIS
    limbus.fit_irises(left, right)
    lower_margin.follow(left)
    assert np.array_equal(left.lower_lid, before)


def test_no_remnant_of_the_iris_stays_below_when_it_moves() -> None:
    drawn = _too_high()
    eyes = Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates)
    assert eyes is not None
    painted = drawn.picture.copy()
    eyes.render_into(painted, Direction(15.0, -15.0))
    eye = eyes.renderers[0].eye
    x0, y0, x1, y1 = eye.box
    dark = painted[y0:y1, x0:x1].mean(-1) < 110
    left_behind = dark & (eye.v > 0.17 * WIDTH) & (eye.u < -0.02 * WIDTH) & (eye.u > -0.2 * WIDTH)
    assert left_behind.sum() < 12
