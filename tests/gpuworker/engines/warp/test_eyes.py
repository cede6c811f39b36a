import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.engines.warp.eyes import INWARD, OUTWARD, TRAVEL_U, Eyes, _room
from gpuworker.grid import FULL_VALUES, NEUTRAL, Direction
from tests.gpuworker.engines.warp.drawn_eyes import IRIS, PUPIL, WHITE, DrawnEyes, draw


def _eyes(drawn: DrawnEyes) -> Eyes:
    eyes = Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates)
    assert eyes is not None
    return eyes


def _rendered(drawn: DrawnEyes, direction: Direction) -> NDArray[np.uint8]:
    picture = drawn.picture.copy()
    _eyes(drawn).render_into(picture, direction)
    return picture


def _dark_middle(picture: NDArray[np.uint8], box: tuple[int, int, int, int]) -> tuple[float, float]:
    """Centre of the pupil and iris: the dark pixels' mean."""
    x0, y0, x1, y1 = box
    rows, cols = np.where(picture[y0:y1, x0:x1].mean(-1) < 60)
    return float(cols.mean()), float(rows.mean())


def test_straight_ahead_is_the_photo_to_the_bit() -> None:
    drawn = draw()
    assert np.array_equal(_rendered(drawn, NEUTRAL), drawn.picture)


def test_both_irises_go_where_the_face_looks() -> None:
    drawn = draw(iris=(0.0, 0.0))
    boxes = [renderer.eye.box for renderer in _eyes(drawn).renderers]
    left, right = _rendered(drawn, Direction(-12, 0)), _rendered(drawn, Direction(12, 0))
    up, down = _rendered(drawn, Direction(0, -12)), _rendered(drawn, Direction(0, 12))
    for box in boxes:
        assert _dark_middle(right, box)[0] - _dark_middle(left, box)[0] > 20
        assert _dark_middle(down, box)[1] - _dark_middle(up, box)[1] > 5


def test_positions_are_strictly_monotonic_and_stay_within_their_limits() -> None:
    for start in (-0.18, 0.0, 0.18):
        eyes = _eyes(draw(iris=(start, 0.0), radius=0.2, model_radius=0.19))
        positions = np.array([eyes.positions(x) for x in FULL_VALUES])
        assert (np.diff(positions, axis=0) > 0).all()
        for renderer, u in zip(eyes.renderers, positions.T, strict=True):
            inward = u * renderer.eye.inner / renderer.eye.width
            assert inward.max() < max(INWARD, start + TRAVEL_U / 2) + 0.09
            assert inward.min() > -OUTWARD - 0.09


def test_a_free_eye_travels_its_full_way() -> None:
    eyes = _eyes(draw(iris=(0.0, 0.0), radius=0.2, model_radius=0.19))
    assert eyes.travel[0] == pytest.approx((TRAVEL_U, TRAVEL_U))


def test_an_eye_with_more_room_goes_little_farther_than_the_other() -> None:
    """Lines of sight that part or cross are seen at once."""
    drawn = draw(iris=(-0.1, 0.0), radius=0.2, model_radius=0.19)
    eyes = Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates, turn=(22.0, 7.4))
    assert eyes is not None
    own = np.array(
        [_room(each.eye, start / each.eye.width) for each, start in zip(eyes.renderers, eyes.ahead, strict=True)]
    )
    apart = np.abs(np.diff(own, axis=0)).max()
    assert apart > 0.01
    assert np.abs(np.diff(eyes.travel, axis=0)).max() < 0.35 * apart


def test_what_eyes_have_no_room_for_is_told_by_side() -> None:
    assert _eyes(draw(iris=(0.0, 0.0), radius=0.2, model_radius=0.19)).missing == (0, 0)
    drawn = draw(iris=(-0.12, 0.0), radius=0.24)
    turned = Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates, turn=(26.0, 7.4))
    assert turned is not None
    left, right = turned.missing
    assert left > 0.3
    assert right == 0


def test_eyes_that_cannot_both_be_seen_are_left_alone() -> None:
    drawn = draw(aperture=0.08)
    assert Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates) is None


def test_only_the_eyes_own_boxes_are_painted() -> None:
    drawn = draw()
    changed = (_rendered(drawn, Direction(15, 15)) != drawn.picture).any(-1)
    for renderer in _eyes(drawn).renderers:
        x0, y0, x1, y1 = renderer.eye.box
        changed[y0:y1, x0:x1] = False
    assert not changed.any()


def test_eyes_without_irises_are_left_alone() -> None:
    """A statue's, or smeared ones: the model sees an iris in any eye."""
    drawn = draw()
    iris = (np.abs(drawn.picture.astype(int) - IRIS) < 4).all(-1) | (np.abs(drawn.picture.astype(int) - PUPIL) < 4).all(
        -1
    )
    drawn.picture[cv2.dilate(iris.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0] = WHITE
    assert Eyes.build(drawn.picture, drawn.landmarks, drawn.candidates) is None
