import numpy as np
import pytest

from gpuworker.engines.warp.eye import LEAST_APERTURE
from tests.gpuworker.engines.warp.drawn_eyes import APERTURE, MIDDLES, WIDTH, draw


def test_coordinates_start_in_the_middle_of_the_corners() -> None:
    eye, _ = draw().eyes()
    x0, y0, *_ = eye.box
    row, col = int(MIDDLES["left"][1]) - y0, int(MIDDLES["left"][0]) - x0
    assert (eye.u[row, col], eye.v[row, col]) == pytest.approx((0.5, 0.5))
    assert eye.width == pytest.approx(WIDTH)


def test_sampling_a_coordinate_gives_that_coordinate_back() -> None:
    eye, _ = draw().eyes()
    u, v = np.array([[-20.25, 0.0, 31.5]]), np.array([[5.0, -7.75, 0.0]])
    assert eye.sample(eye.u, u, v) == pytest.approx(u, abs=0.05)
    assert eye.sample(eye.v, u, v) == pytest.approx(v, abs=0.05)


def test_aperture_is_what_was_drawn() -> None:
    eye, _ = draw().eyes()
    assert eye.aperture == pytest.approx(APERTURE, abs=0.02)
    assert eye.visible


def test_a_nearly_closed_eye_is_not_visible() -> None:
    eye, _ = draw(aperture=LEAST_APERTURE * 0.8).eyes()
    assert not eye.visible
