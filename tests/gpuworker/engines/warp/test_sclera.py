import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.engines.warp import sclera
from gpuworker.engines.warp.eye import Eye
from tests.gpuworker.engines.warp.drawn_eyes import SKIN, WHITE, WIDTH, draw


def test_white_behind_the_iris_has_the_whites_own_colour() -> None:
    eye, _ = draw(radius=0.2, model_radius=0.2).eyes()
    eye.radius = 0.2 * WIDTH
    white = sclera.reconstruct(eye)
    behind = (eye.from_iris < 0.7 * eye.radius) & (eye.below_upper > 0.1 * WIDTH) & (eye.above_lower > 0.1 * WIDTH)
    assert white[behind].mean(0) == pytest.approx(WHITE, abs=22)
    assert white[behind].std(0).max() < 6


def test_no_revealed_white_is_brighter_than_visible_white() -> None:
    eye, _ = draw(radius=0.2, model_radius=0.2).eyes()
    eye.radius = 0.2 * WIDTH
    behind = eye.from_iris < 0.9 * eye.radius
    assert sclera.reconstruct(eye)[behind].max() <= 1.08 * max(WHITE)


def test_both_whites_get_one_ratio_to_their_skin() -> None:
    left, right = draw(radius=0.2).eyes()
    right.pixels *= np.float32(0.6)  # a shadow over one half of the face
    whites = sclera.reconstruct(left), sclera.reconstruct(right) * np.float32(1.3)
    matched = sclera.match((left, right), whites)
    inside = (left.below_upper > 0) & (left.above_lower > 0)
    before = whites[1][inside].mean() / (whites[0][inside].mean() * 0.6)
    after = matched[1][inside].mean() / (matched[0][inside].mean() * 0.6)
    assert abs(after - 1) < 0.6 * abs(before - 1)


def test_an_eye_full_of_iris_takes_its_white_from_the_skin() -> None:
    eye, _ = draw(radius=0.24).eyes()
    eye.radius = 0.6 * WIDTH
    assert np.isfinite(sclera.reconstruct(eye)).all()


def test_the_lid_throws_its_shadow_only_below_itself() -> None:
    shade = sclera.lid_shade(np.array([-5.0, 0.0, 3.0, 60.0], np.float32), 60.0)
    assert shade[0] == shade[1] == pytest.approx(1 - sclera.LID_SHADOW)
    assert shade[1] < shade[2] < shade[3] == pytest.approx(1, abs=1e-4)


def test_blackened_eyes_are_no_bug() -> None:
    """Censor bars and drawn sunglasses: nothing to divide by."""
    left, right = draw().eyes()
    for eye in (left, right):
        eye.pixels[:] = 0
    black = sclera.match((left, right), (sclera.reconstruct(left), sclera.reconstruct(right)))
    assert all(np.isfinite(white).all() for white in black)


def test_no_invented_white_is_brighter_than_the_greater_part_of_what_the_photo_shows() -> None:
    """A small bright part of the white, where light falls on it, does not set the rest aglow."""
    eye, _ = draw(radius=0.2, model_radius=0.2).eyes()
    eye.radius = 0.2 * WIDTH
    white = np.abs(eye.pixels - WHITE).max(-1) < 4
    lit = white & (eye.u > np.quantile(eye.u[white], 0.93))
    eye.pixels[white] = 150
    eye.pixels[lit] = 240
    invented = ~white & (eye.below_upper > 0) & (eye.above_lower > 0) & (np.abs(eye.u) < 0.5 * WIDTH)
    assert sclera.reconstruct(eye)[invented].max() < 155


def test_what_the_circle_missed_of_the_iris_is_no_white() -> None:
    eye, _ = draw(iris=(0.0, 0.0), radius=0.24).eyes()
    eye.radius = 0.2 * WIDTH
    ring = (eye.from_iris > eye.radius) & (eye.from_iris < 0.25 * WIDTH)
    eye.likeness[ring] = 0.8
    white = sclera.reconstruct(eye)[ring & (eye.below_upper > 0.08 * WIDTH) & (eye.above_lower > 0.08 * WIDTH)]
    assert white.mean() > 0.8 * np.mean(WHITE)


def _matched(left: Eye, right: Eye, radius: float = 0.2) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    for eye in (left, right):
        eye.radius = radius * WIDTH
    return sclera.match((left, right), (sclera.reconstruct(left), sclera.reconstruct(right)))


def _behind(eye: Eye) -> NDArray[np.bool_]:
    return (eye.from_iris < 0.9 * eye.radius) & (eye.below_upper > 0) & (eye.above_lower > 0)


def _hue(white: NDArray[np.float32], eye: Eye) -> NDArray[np.float64]:
    logarithms = np.log(np.median(white[_behind(eye)], axis=0))
    return np.asarray(logarithms - logarithms.mean(), np.float64)


def _paint(eye: Eye, white: tuple[int, int, int]) -> None:
    eye.pixels[np.abs(eye.pixels - WHITE).max(-1) < 4] = white


def test_white_is_hardly_greener_than_the_light_on_the_skin() -> None:
    left, right = draw(radius=0.2).eyes()
    for eye in (left, right):
        _paint(eye, (60, 92, 68))
    white, _ = _matched(left, right)
    red, green, blue = _hue(white, left) - (np.log(SKIN) - np.log(SKIN).mean())
    assert green - (red + blue) / 2 < 0.2  # as painted: 0.4
    assert np.median(white[_behind(left)]) == pytest.approx(75, abs=20)


def test_whites_of_two_hues_come_closer() -> None:
    """The more, the less of them the photo shows."""
    apart = np.log(np.array(WHITE) / (190, 205, 236))
    apart -= apart.mean()
    left = {}
    for radius in (0.2, 0.3):
        first, second = draw(iris=(0.0, 0.0), radius=radius).eyes()
        _paint(second, (190, 205, 236))
        whites = _matched(first, second, radius)
        left[radius] = float(np.ptp(_hue(whites[0], first) - _hue(whites[1], second)) / np.ptp(apart))
    assert left[0.3] < left[0.2] < 0.75
    assert left[0.3] < 0.45


def test_the_light_on_one_side_of_the_face_stays_on_its_white() -> None:
    left, right = draw(radius=0.2).eyes()
    right.pixels *= np.array([0.6, 0.8, 1.0], np.float32)
    whites = _matched(left, right)
    blueness = [_hue(white, eye) for white, eye in zip(whites, (left, right), strict=True)]
    assert (blueness[1] - blueness[0])[2] - (blueness[1] - blueness[0])[0] == pytest.approx(np.log(1 / 0.6), abs=0.05)


def test_the_grain_of_the_white_goes_on_where_the_iris_was() -> None:
    eye, _ = draw(radius=0.2, model_radius=0.2).eyes()
    eye.radius = 0.2 * WIDTH
    plain = sclera.reconstruct(eye)
    white = np.abs(eye.pixels - WHITE).max(-1) < 4
    eye.pixels[white] *= 1 + 0.06 * np.sign(np.sin(eye.v[white] * 1.3))[:, None]
    grained = sclera.reconstruct(eye)
    near = _behind(eye) & (eye.from_iris > 0.7 * eye.radius) & (eye.below_upper > 0.1 * WIDTH)
    assert plain[near].std() < 8
    detail = grained.mean(-1) - cv2.GaussianBlur(grained.mean(-1), (0, 0), 4)
    assert detail[near].std() > 0.004 * np.mean(WHITE)


def test_a_limbus_drawn_out_by_a_soft_photo_leaves_no_rim_in_the_white() -> None:
    eye, _ = draw(iris=(0.0, 0.0), radius=0.2, model_radius=0.2).eyes()
    eye.radius = 0.2 * WIDTH
    rim = (eye.from_iris > 1.1 * eye.radius) & (eye.from_iris < 1.4 * eye.radius) & (np.abs(eye.v) < 0.08 * WIDTH)
    eye.pixels[rim] *= 0.75
    assert sclera.reconstruct(eye).mean(-1)[rim].min() > 0.86 * np.mean(WHITE)


def test_invented_white_beside_deep_shade_does_not_glare() -> None:
    """Most of the white lies in shade as dark as the iris, and is no measure of a white's own colour."""
    eye, _ = draw(iris=(0.0, 0.0), radius=0.27, model_radius=0.27).eyes()
    eye.radius = 0.27 * WIDTH
    shaded = (np.abs(eye.pixels - WHITE).max(-1) < 4) & (eye.u < 0.40 * WIDTH)
    eye.pixels[shaded] = 80
    eye.likeness[shaded] = 0.4
    assert sclera.reconstruct(eye)[_behind(eye)].max() < 100
