import numpy as np
import pytest

from gpuworker.engines.warp.iris import likeness
from gpuworker.engines.warp.iris.likeness import Likeness
from tests.gpuworker.engines.warp.drawn_eyes import WIDTH, DrawnEyes, draw


def _measured(drawn: DrawnEyes) -> Likeness:
    eye, _ = drawn.eyes()
    return likeness.measure(eye, eye.iris, eye.radius, inner=0.7, outer=1.35)


def _at(measured: Likeness, u: float, v: float) -> float:
    return float(measured.sample(measured.values, np.array([[u * WIDTH]]), np.array([[v * WIDTH]]))[0, 0])


def test_iris_and_pupil_are_like_the_iris_and_white_and_skin_are_not() -> None:
    measured = _measured(draw(iris=(0.0, 0.0), radius=0.2, model_radius=0.19))
    assert _at(measured, 0.0, 0.0) > 0.7
    assert _at(measured, 0.15, 0.0) > 0.7
    assert _at(measured, 0.27, 0.0) < -0.7
    assert _at(measured, 0.0, -0.3) < -0.7


def test_only_the_opening_has_weight() -> None:
    measured = _measured(draw())
    weight = measured.sample(measured.weight, np.array([[0.0, 0.0]]), np.array([[-0.3 * WIDTH, 0.0]]))
    assert weight[0] == pytest.approx([0, 1])


def test_a_corner_that_the_iris_fills_is_known() -> None:
    assert _measured(draw(iris=(0.0, 0.0), radius=0.2)).at_corner == (False, False)
    assert _measured(draw(iris=(-0.28, 0.0), radius=0.25)).at_corner == (True, False)


def test_a_plain_picture_has_neither_contrast_nor_trouble() -> None:
    drawn = draw()
    drawn.picture[:] = 128
    measured = _measured(drawn)
    assert measured.contrast == pytest.approx(0, abs=0.1)
    assert np.isfinite(measured.values).all()
