import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.iris.iris import Iris, complete
from tests.gpuworker.engines.warp.drawn_eyes import IRIS, MIDDLES, PUPIL, WHITE, WIDTH, DrawnEyes, draw

BLUE = (90, 130, 170)


def _complete(drawn: DrawnEyes, radius: float) -> tuple[Iris, Iris]:
    eyes = drawn.eyes()
    for eye in eyes:
        eye.radius = radius * WIDTH
    return complete(*eyes)


def _texel(iris: Iris, right: float, down: float) -> NDArray[np.float32]:
    return np.asarray(iris.texture[iris.reach + round(down * WIDTH), iris.reach + round(right * WIDTH)])


def _right_half(drawn: DrawnEyes) -> NDArray[np.bool_]:
    """Columns of the right eye."""
    return np.arange(drawn.picture.shape[1]) > (MIDDLES["left"][0] + MIDDLES["right"][0]) / 2


def test_the_hidden_top_of_the_iris_is_iris() -> None:
    iris, _ = _complete(draw(iris=(0.0, -0.12), radius=0.22), 0.22)
    assert _texel(iris, 0, -0.165) == pytest.approx(np.array(IRIS), abs=40)
    assert _texel(iris, 0, 0) == pytest.approx(np.array(PUPIL), abs=25)


@pytest.mark.parametrize("measured", [0.20, 0.23])
def test_no_white_travels_with_the_iris(measured: float) -> None:
    """Nor where the circle is found a little too large."""
    iris, _ = _complete(draw(radius=0.2), measured)
    assert iris.texture[iris.alpha > 0.5].max() < 160
    assert iris.texture[iris.alpha > 0.5].mean(-1).max() < np.mean(IRIS) + 45


def test_alpha_is_a_disc_with_a_soft_edge() -> None:
    iris, _ = complete(*draw().eyes())
    assert iris.alpha[iris.reach, iris.reach] == 1
    assert iris.alpha[0, 0] == 0
    area = float(iris.alpha.sum())
    assert area == pytest.approx(np.pi * draw().eyes()[0].radius ** 2, rel=0.05)


def test_an_iris_of_which_nothing_is_seen_is_a_plain_dark_disc() -> None:
    eyes = draw().eyes()
    for eye in eyes:
        eye.upper[:] = 1e3
    for iris in complete(*eyes):
        assert np.isfinite(iris.texture).all()
        assert iris.texture[iris.alpha > 0.5].max() < 60


def test_a_catch_light_stays_on_the_iris() -> None:
    drawn = draw(iris=(0.0, 0.0), radius=0.2)
    for x, y in MIDDLES.values():
        drawn.picture[int(y) - 6 : int(y) + 2, int(x) + 6 : int(x) + 14] = 250
    for iris in _complete(drawn, 0.2):
        assert _texel(iris, 0.085, -0.015).min() > 230


def test_what_one_eye_hides_is_completed_from_the_other() -> None:
    """The right eye shows none of its pupil and lies in shade."""
    drawn = draw(iris=(0.0, 0.0), radius=0.2)
    left, right = drawn.eyes()
    for eye in (left, right):
        eye.radius = 0.2 * WIDTH
    right.pixels *= np.float32(0.5)
    right.upper[:] = 0.09 * WIDTH
    _, iris = complete(left, right)
    assert _texel(iris, 0, 0) == pytest.approx(np.array(PUPIL) / 2, abs=12)
    assert _texel(iris, 0, -0.13) == pytest.approx(np.array(IRIS) / 2, abs=14)


def test_irises_of_two_colours_keep_them() -> None:
    drawn = draw(iris=(0.0, -0.08), radius=0.22)
    brown = (np.abs(drawn.picture.astype(int) - IRIS) < 4).all(-1)
    drawn.picture[brown & _right_half(drawn)] = BLUE
    left, right = _complete(drawn, 0.22)
    assert _texel(left, 0, -0.165) == pytest.approx(np.array(IRIS), abs=20)
    assert _texel(right, 0, -0.165) == pytest.approx(np.array(BLUE), abs=20)


def test_a_light_iris_is_no_white() -> None:
    drawn = draw(iris=(0.0, 0.0), radius=0.2)
    drawn.picture[(np.abs(drawn.picture.astype(int) - IRIS) < 4).all(-1)] = (190, 195, 190)
    iris, _ = _complete(drawn, 0.2)
    assert _texel(iris, 0.14, 0).mean() == pytest.approx(192, abs=12)
    rim = (iris.alpha > 0.3) & (iris.alpha < 0.9)
    assert iris.texture[rim].mean(-1).max() < np.mean(WHITE) - 8


def _hides_lashes(eye: Eye) -> None:
    lash = (np.abs(eye.u - 0.14 * WIDTH) < 2) & (eye.v < 0.02 * WIDTH)
    eye.pixels[lash] = 5


def test_a_lash_across_the_rim_does_not_travel() -> None:
    eyes = draw(iris=(0.0, 0.0), radius=0.2).eyes()
    for eye in eyes:
        eye.radius = 0.2 * WIDTH
        _hides_lashes(eye)
    iris, _ = complete(*eyes)
    assert _texel(iris, 0.14, -0.07).mean() > 0.6 * np.mean(IRIS)


def test_the_disc_ends_as_softly_as_the_photos_own_limbus() -> None:
    def between(softness: float) -> float:
        """Radii over which the disc ends."""
        eyes = draw(radius=0.2).eyes()
        for eye in eyes:
            eye.softness = softness * eye.radius
        iris, _ = complete(*eyes)
        row = iris.alpha[iris.reach, iris.reach :]
        return float(((row > 0.02) & (row < 0.98)).sum() / eyes[0].radius)

    assert between(0.0) < 0.25
    assert between(0.25) > 0.38
    assert between(3.0) == between(0.25)
