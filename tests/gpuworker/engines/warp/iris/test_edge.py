import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.eyes import TRAVEL_V, Eyes
from gpuworker.engines.warp.iris import edge, limbus
from gpuworker.grid import Direction
from gpuworker.images import photo
from gpuworker.vision import framing
from gpuworker.vision.framing import SUPERSAMPLING
from gpuworker.vision.topology import SIDES
from tests.gpuworker.engines.warp.drawn_eyes import IRIS, MIDDLES, WHITE, WIDTH, DrawnEyes, draw
from tests.gpuworker.pictures import chosen


def _half_in_shade(drawn: DrawnEyes) -> None:
    """A light iris; a shadow falls over the right half of each eye; all of it is a little out of focus."""
    picture = drawn.picture.astype(np.float32)
    picture[(np.abs(picture - IRIS) < 4).all(-1)] = (120, 105, 95)
    x = np.arange(picture.shape[1])
    for middle, _ in MIDDLES.values():
        picture *= np.where(np.abs(x - middle) < WIDTH, 1 - 0.4 * np.clip((x - middle) / 6, 0, 1), 1)[None, :, None]
    drawn.picture[:] = cv2.GaussianBlur(picture, (0, 0), 1.5)


@pytest.mark.parametrize("u", [0.02, 0.1])
def test_an_iris_half_in_shade_is_found_by_its_edge(u: float) -> None:
    drawn = draw(iris=(u, -0.03), radius=0.21, model_radius=0.2, model_offset=(0.03, 0.01))
    _half_in_shade(drawn)
    left, right = drawn.eyes()
    limbus.fit_irises(left, right)
    for eye in (left, right):
        assert eye.iris / WIDTH == pytest.approx(np.array([u, -0.03]), abs=0.012)
        assert eye.radius / WIDTH == pytest.approx(0.21, rel=0.05)


def test_irises_of_other_people_are_found_where_they_were_moved(other_face: NDArray[np.uint8]) -> None:
    """Paintings and an old photo, some with half of an eye in shade: within .03 eye widths."""
    portrait = framing.frame_portrait(photo.Photo(other_face), chosen(other_face), STANDARD_FRAME, "auto")
    eyes = Eyes.build(portrait.picture, portrait.landmarks * SUPERSAMPLING, portrait.iris_candidates * SUPERSAMPLING)
    assert eyes is not None
    aside = Direction(8.0, 0.0)
    picture = portrait.picture.copy()
    eyes.render_into(picture, aside)
    found = chosen(picture)
    left, right = (
        Eye.measure(side, picture, found.landmarks, own) for side, own in zip(SIDES, found.iris_candidates, strict=True)
    )
    limbus.fit_irises(left, right)
    for eye, renderer, u in zip((left, right), eyes.renderers, eyes.positions(aside.pupil_x), strict=True):
        made = renderer.eye
        true = made.middle + u * made.along + (made.iris[1] + aside.pupil_y * TRAVEL_V * made.width) * made.down
        centre = eye.middle + eye.iris[0] * eye.along + eye.iris[1] * eye.down
        assert np.linalg.norm(centre - true) < 0.03 * made.width


@pytest.mark.parametrize(("sigma", "expected"), [(0.0, 0.0), (1.5, 3.3), (3.0, 6.6)])
def test_the_softness_of_a_blurred_photo_is_measured_at_the_limbus(sigma: float, expected: float) -> None:
    drawn = draw(iris=(0.02, -0.03), radius=0.21, model_radius=0.2)
    if sigma:
        drawn.picture[:] = cv2.GaussianBlur(drawn.picture, (0, 0), sigma)
    left, right = drawn.eyes()
    limbus.fit_irises(left, right)
    edge.measure_softness((left, right))
    assert left.softness == right.softness == pytest.approx(expected, abs=1.5)


def test_an_eye_without_a_limbus_has_no_softness() -> None:
    drawn = draw()
    drawn.picture[:] = 128
    left, right = drawn.eyes()
    edge.measure_softness((left, right))
    assert left.softness == right.softness == 0


def test_a_blue_iris_in_warm_light_is_clear_though_no_darker_than_its_white() -> None:
    drawn = draw(iris=(0.02, -0.03), radius=0.21, model_radius=0.2, model_offset=(0.03, 0.0))
    for old, new in ((WHITE, (168, 132, 80)), (IRIS, (138, 140, 172))):
        drawn.picture[(np.abs(drawn.picture.astype(int) - old) < 4).all(-1)] = new
    drawn.picture[(drawn.picture < 60).all(-1)] = (138, 140, 172)
    left, right = drawn.eyes()
    limbus.fit_irises(left, right)
    for eye in (left, right):
        assert edge.clearness(eye) > 0.5
        assert eye.iris / WIDTH == pytest.approx(np.array([0.02, -0.03]), abs=0.012)
