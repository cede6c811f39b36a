import numpy as np
import pytest

from gpuworker.engines.warp import limbus
from tests.gpuworker.engines.warp.drawn_eyes import WIDTH, draw


@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.03, 0.0), (-0.03, 0.01)])
def test_the_iris_is_found_where_it_is_drawn(offset: tuple[float, float]) -> None:
    left, right = draw(iris=(0.02, -0.03), radius=0.24, model_offset=offset).eyes()
    limbus.fit_irises(left, right)
    for eye in (left, right):
        assert eye.iris / WIDTH == pytest.approx(np.array([0.02, -0.03]), abs=0.015)
        assert eye.radius / WIDTH == pytest.approx(0.24, rel=0.06)


def test_both_eyes_share_one_radius() -> None:
    left, right = draw().eyes()
    right.radius *= 1.1
    limbus.fit_irises(left, right)
    assert left.radius == right.radius


def test_the_larger_iris_of_a_drawn_face_is_found() -> None:
    left, right = draw(iris=(0.0, 0.0), radius=0.30, model_radius=0.22, aperture=0.5).eyes()
    limbus.fit_irises(left, right)
    assert left.radius / WIDTH == pytest.approx(0.30, rel=0.08)


def test_an_eye_without_contrast_keeps_the_models_iris() -> None:
    drawn = draw()
    drawn.picture[:] = 128
    left, right = drawn.eyes()
    before = left.iris.copy()
    limbus.fit_irises(left, right)
    assert left.iris == pytest.approx(before)
