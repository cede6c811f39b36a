import numpy as np
import pytest

from gpuworker.engines.warp.iris.iris import Iris
from tests.gpuworker.engines.warp.drawn_eyes import IRIS, PUPIL, WIDTH, draw


def test_the_hidden_top_of_the_iris_is_iris() -> None:
    eye, _ = draw(iris=(0.0, -0.12), radius=0.22).eyes()
    eye.radius = 0.22 * WIDTH
    iris = Iris.extract(eye)
    top = iris.texture[iris.reach - round(0.75 * eye.radius), iris.reach]
    assert top == pytest.approx(np.array(IRIS), abs=40)
    assert iris.texture[iris.reach, iris.reach] == pytest.approx(np.array(PUPIL), abs=25)


def test_no_white_travels_with_the_iris() -> None:
    eye, _ = draw(radius=0.2).eyes()
    eye.radius = 0.2 * WIDTH
    iris = Iris.extract(eye)
    assert iris.texture[iris.alpha > 0.5].max() < 160


def test_alpha_is_a_disc_with_a_soft_edge() -> None:
    eye, _ = draw().eyes()
    iris = Iris.extract(eye)
    assert iris.alpha[iris.reach, iris.reach] == 1
    assert iris.alpha[0, 0] == 0
    area = float(iris.alpha.sum())
    assert area == pytest.approx(np.pi * eye.radius**2, rel=0.05)


def test_an_iris_of_which_nothing_is_seen_is_a_plain_dark_disc() -> None:
    eye, _ = draw().eyes()
    eye.upper[:] = 1e3
    assert np.isfinite(Iris.extract(eye).texture).all()
