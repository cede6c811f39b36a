import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.engines.warp.iris.rings import DARK_BROWN, OUTERMOST, PER_RADIUS, Rings

SIZE = 61
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE // 2
RHO = (np.hypot(X, Y) / 24).astype(np.float32)
BROWN, BLUE = (90.0, 60.0, 40.0), (90.0, 115.0, 150.0)


def _disc(colour: tuple[float, float, float]) -> NDArray[np.float32]:
    """A pupil in an iris of one colour, in white."""
    photo = np.full((SIZE, SIZE, 3), 230, np.float32)
    photo[RHO < 1] = colour
    photo[RHO < 0.4] = 15
    return photo


def _seen(radii: tuple[float, float]) -> NDArray[np.float32]:
    return ((radii[0] <= RHO) & (radii[1] > RHO)).astype(np.float32)


def _rings(colour: tuple[float, float, float], *, light: float = 1.0, radii: tuple[float, float] = (0, 2)) -> Rings:
    return Rings.measure(_disc(colour) * np.float32(light), _seen(radii), RHO)


def _at(rings: Rings, rho: float) -> NDArray[np.float32]:
    return rings.spread(np.full((1, 1), rho, np.float32))[0, 0]


def test_each_ring_has_its_own_colour() -> None:
    rings = _rings(BROWN)
    assert _at(rings, 0.1) == pytest.approx((15, 15, 15), abs=1)
    assert _at(rings, 0.7) == pytest.approx(BROWN, abs=1)


def test_no_white_is_mixed_into_the_rim() -> None:
    photo = _disc(BROWN)
    photo[RHO > 0.9] = 230
    assert _at(Rings.measure(photo, _seen((0, 2)), RHO), 1.1) == pytest.approx(BROWN, abs=1)


def test_a_catch_light_is_no_colour_of_its_ring() -> None:
    photo = _disc(BROWN)
    photo[(np.hypot(X - 16, Y) < 5)] = 255
    assert _at(Rings.measure(photo, _seen((0, 2)), RHO), 0.65) == pytest.approx(BROWN, abs=2)


def test_hidden_rings_are_the_other_eyes_in_this_eyes_light() -> None:
    shaded = _rings(BROWN, light=0.5, radii=(0.5, 2))
    completed = shaded.completed_by(_rings(BROWN))
    assert np.isnan(shaded.colours[2, 0])
    assert _at(completed, 0.1) == pytest.approx((7.5, 7.5, 7.5), abs=1)
    assert _at(completed, 0.7) == pytest.approx(np.array(BROWN) / 2, abs=1)


def test_two_irises_that_differ_for_sure_keep_their_colours() -> None:
    brown = _rings(BROWN, radii=(0.0, 0.7))
    assert brown.completed_by(_rings(BLUE)) is brown


def test_an_iris_of_which_nothing_is_seen_is_the_other_one_in_its_light() -> None:
    hidden = _rings(BROWN, radii=(3, 4))
    other = _rings(BLUE)
    assert _at(hidden.completed_by(other, 0.5), 0.7) == pytest.approx(np.array(BLUE) / 2, abs=1)
    assert other.completed_by(hidden) is other


def test_nothing_seen_at_all_is_a_dark_brown() -> None:
    assert _at(_rings(BROWN, radii=(3, 4)), 0.5) == pytest.approx(DARK_BROWN)
    assert OUTERMOST < PER_RADIUS
