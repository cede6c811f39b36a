import numpy as np
import pytest

from gpuworker.engines.warp import sclera
from tests.gpuworker.engines.warp.drawn_eyes import WHITE, WIDTH, draw


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
