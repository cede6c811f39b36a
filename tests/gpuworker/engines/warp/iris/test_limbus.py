import numpy as np
import pytest

from gpuworker.engines.warp.iris import limbus
from tests.gpuworker.engines.warp.drawn_eyes import IRIS, MIDDLES, WHITE, WIDTH, DrawnEyes, draw


def _recolour(drawn: DrawnEyes, old: tuple[int, int, int], new: tuple[int, int, int]) -> None:
    drawn.picture[(np.abs(drawn.picture.astype(int) - old) < 4).all(-1)] = new


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


def test_an_iris_that_fills_the_eye_to_its_corner_is_found_whole() -> None:
    """A baby's: the model's circle is too small, and lies at the edge beside the white."""
    left, right = draw(iris=(-0.14, 0.0), radius=0.29, model_radius=0.24, model_offset=(0.03, 0.0)).eyes()
    limbus.fit_irises(left, right)
    for eye in (left, right):
        assert eye.radius / WIDTH == pytest.approx(0.29, rel=0.06)
        assert eye.iris[0] / WIDTH == pytest.approx(-0.14, abs=0.02)


def test_a_light_iris_is_found_whole() -> None:
    drawn = draw(iris=(0.02, -0.03), radius=0.24, model_radius=0.19)
    _recolour(drawn, IRIS, (215, 205, 180))
    left, right = drawn.eyes()
    limbus.fit_irises(left, right)
    assert left.iris / WIDTH == pytest.approx(np.array([0.02, -0.03]), abs=0.015)
    assert left.radius / WIDTH == pytest.approx(0.24, rel=0.06)


def test_shaded_white_is_no_iris() -> None:
    """Half the white lies in shadow, nearer to the iris's colour than to the lit white."""
    drawn = draw(iris=(0.0, 0.0), radius=0.2, model_radius=0.19)
    x = np.arange(drawn.picture.shape[1])
    for middle in MIDDLES.values():
        shaded = (
            (np.abs(drawn.picture.astype(int) - WHITE) < 4).all(-1) & (x > middle[0]) & (x < middle[0] + 0.6 * WIDTH)
        )
        drawn.picture[shaded] = (112, 82, 62)
    left, right = drawn.eyes()
    limbus.fit_irises(left, right)
    for eye in (left, right):
        assert eye.iris[0] / WIDTH == pytest.approx(0.0, abs=0.02)
        assert eye.radius / WIDTH == pytest.approx(0.2, rel=0.06)
