"""Where the detector looks, and that it finds each face once, with the region around it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gpuworker.vision import face_detection
from gpuworker.vision.face_detection import (
    MAX_FACES,
    MIN_DETECTION,
    SURE_SHARE,
    detect,
    mirrored,
    overview,
    padded,
    squares,
    turned,
)
from gpuworker.vision.faces import Face
from gpuworker.vision.region import FACE_ROOM, Picture


def test_a_face_is_detected_once_with_room_around_it(astronaut: Picture, face: Face) -> None:
    (found,) = detect(astronaut, overview(astronaut.shape))
    assert found.score > 0.9
    assert math.dist((found.region.x, found.region.y), face.landmarks[1, :2]) < 0.2 * face.width
    assert found.region.side == pytest.approx(FACE_ROOM * face.width, rel=0.15)
    # At 128 × 128 her eyes are ten pixels apart; the face mesh straightens what is left.
    assert math.degrees(found.region.angle) == pytest.approx(face.roll, abs=8)


def test_a_face_seen_in_several_regions_is_still_one(astronaut: Picture) -> None:
    views = [*overview(astronaut.shape), *padded(astronaut.shape)]
    assert len(detect(astronaut, views)) == 1


def test_faces_come_surest_first_and_above_the_threshold(astronaut: Picture) -> None:
    group = np.hstack([astronaut, astronaut // 4, astronaut])
    scores = [found.score for found in detect(group, overview(group.shape))]
    assert len(scores) >= 2
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= MIN_DETECTION


def test_a_wall_of_faces_costs_no_more_than_a_crowd(astronaut: Picture) -> None:
    crowd = np.tile(astronaut[50:190, 155:295], (2, 30, 1))
    assert len(detect(crowd, overview(crowd.shape))) == MAX_FACES


def test_a_face_on_its_side_is_detected_in_a_turned_region(astronaut: Picture) -> None:
    lying = np.ascontiguousarray(np.rot90(astronaut))
    (found, *_) = detect(lying, turned(lying.shape))
    assert math.degrees(found.region.angle) == pytest.approx(-90, abs=10)


def test_half_a_face_is_surer_beside_its_mirror_image(astronaut: Picture) -> None:
    half = np.ascontiguousarray(astronaut[:, 224:])
    (alone,) = detect(half, overview(half.shape))
    assert alone.score < 0.5
    (found, *_) = detect(half, mirrored(half.shape))
    assert found.score > 0.85
    assert found.region.reflects
    assert found.region.x == pytest.approx(0, abs=20)


# ---------------------------------------------------------------- where it looks


@pytest.mark.parametrize("shape", [(512, 512, 3), (512, 700, 3), (700, 512, 3)])
def test_a_compact_picture_is_looked_at_whole(shape: tuple[int, ...]) -> None:
    (region,) = overview(shape)
    assert (region.x, region.y, region.side) == (shape[1] / 2, shape[0] / 2, max(shape[:2]))


@pytest.mark.parametrize("across", [True, False])
def test_a_long_picture_is_looked_at_in_half_overlapping_squares_too(across: bool) -> None:
    _, *regions = overview((100, 300, 3) if across else (300, 100, 3))
    along = [region.x if across else region.y for region in regions]
    assert along == [50, 100, 150, 200, 250]
    assert {(region.y if across else region.x, region.side) for region in regions} == {(50, 100)}


def test_an_endless_picture_is_looked_at_a_bounded_number_of_times() -> None:
    assert len(overview((1, 3000, 3))) == 1 + MAX_FACES


def test_squares_from_closer_by_cover_the_picture_and_are_bounded() -> None:
    regions = squares((1500, 2000, 3))
    sides = sorted({region.side for region in regions}, reverse=True)
    assert sides == [1500 / share for share in face_detection.CLOSER]  # the closest are for larger pictures
    for side in sides:
        same = [region for region in regions if region.side == side]
        assert min(region.x for region in same) == min(region.y for region in same) == side / 2
        assert max(region.x for region in same) == pytest.approx(2000 - side / 2)
        assert max(region.y for region in same) == pytest.approx(1500 - side / 2)
        assert len(same) <= face_detection.MOST_SQUARES**2


def sides(least: float) -> set[int]:
    return {round(region.side) for region in squares((3000, 4000, 3), least)}


def test_squares_are_for_faces_that_matter_and_that_wider_regions_may_miss() -> None:
    assert sides(least=0) == sides(least=107) == {3000, 1875, 1154, 714, 441}
    assert sides(least=108) == sides(least=173) == {3000, 1875, 1154, 714}
    assert sides(least=174) == sides(least=281) == {3000, 1875, 1154}
    assert sides(least=282) == sides(least=449) == {3000, 1875}
    assert sides(least=451) == sides(least=599) == {3000}
    assert sides(least=601) == set()


@pytest.mark.parametrize("shape", [(512, 512, 3), (1024, 768, 3), (2048, 2048, 3), (900, 3000, 3), (1500, 2048, 3)])
@pytest.mark.parametrize("share", [0.1, 0.12, 0.15, 0.2, 0.3])
def test_every_face_that_matters_lies_whole_in_a_region_that_surely_shows_it(
    shape: tuple[int, ...], share: float
) -> None:
    least = share * min(shape[:2])
    regions = [*overview(shape), *squares(shape, least)]
    dice = np.random.default_rng(1)
    for width in np.geomspace(least, min(shape[:2]) / 3, 20):
        reach = FACE_ROOM * width / 2
        for x, y in dice.uniform(reach, np.array([shape[1], shape[0]]) - reach, (50, 2)):
            assert any(
                width >= SURE_SHARE * region.side * 0.999
                and max(abs(x - region.x), abs(y - region.y)) + reach <= region.side / 2 + 0.1
                for region in regions
            ), (width, x, y)


def gaps(least: float) -> dict[int, float]:
    """Greatest distance of neighbouring squares in a row, as a share of their side."""
    columns: dict[float, set[float]] = {}
    for region in squares((3000, 3000, 3), least):
        columns.setdefault(region.side, set()).add(region.x)
    return {round(side): float(np.diff(sorted(row)).max()) / side for side, row in columns.items()}


def test_squares_overlap_less_only_where_wider_regions_show_the_wider_faces() -> None:
    every, some = gaps(least=0), gaps(least=1)
    assert max(every.values()) <= 0.5
    assert every.keys() == some.keys()
    assert all(some[side] > every[side] for side in every)


def test_squares_repeat_no_region_of_the_overview() -> None:
    assert all(region.side < 512 for region in squares((512, 512, 3)))
    assert all(region.side < 400 for region in squares((400, 1200, 3)))


def test_squares_too_small_for_a_usable_face_are_left_out() -> None:
    assert squares((120, 4000, 3)) == []


def test_padding_shows_the_picture_from_farther_away() -> None:
    (region,) = padded((200, 400, 3))
    assert (region.x, region.y, region.side) == (200, 100, 600)
