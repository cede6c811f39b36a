"""A region shows its square of the picture and places what a network finds there back in it."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from gpuworker.vision.region import Picture, Region


@pytest.fixture
def picture() -> Picture:
    """(60, 100, 3): each pixel tells its column in red and its row in green."""
    rows, columns = np.mgrid[:60, :100]
    return np.stack([2 * columns, 4 * rows, np.zeros_like(rows)], axis=2).astype(np.uint8)


def test_an_upright_region_is_a_cut_of_the_picture(picture: Picture) -> None:
    np.testing.assert_array_equal(Region(40, 30, 20).read(picture, 20), picture[20:40, 30:50])


def test_a_mirrored_region_is_the_cut_mirrored(picture: Picture) -> None:
    np.testing.assert_array_equal(Region(40, 30, 20, mirrored=True).read(picture, 20), picture[20:40, 30:50][:, ::-1])


def test_a_quarter_turn_clockwise_reads_down_the_picture(picture: Picture) -> None:
    seen = Region(40, 30, 20, math.pi / 2).read(picture, 20)
    np.testing.assert_array_equal(seen, np.rot90(picture[20:40, 30:50]))


def test_outside_the_picture_its_edge_goes_on(picture: Picture) -> None:
    seen = Region(0, 30, 20).read(picture, 20)
    np.testing.assert_array_equal(seen[:, :10], np.repeat(picture[20:40, :1], 10, axis=1))


def test_outside_the_picture_a_reflecting_region_shows_its_mirror_image(picture: Picture) -> None:
    seen = Region(0, 30, 20, reflects=True).read(picture, 20)
    np.testing.assert_array_equal(seen[:, :10], seen[:, 10:][:, ::-1])


def test_a_region_beside_the_picture_shows_its_nearest_pixels(picture: Picture) -> None:
    assert (Region(500, 500, 20).read(picture, 8) == picture[-1, -1]).all()


def test_a_fine_pattern_turns_grey_when_it_is_shrunk() -> None:
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    seen = Region(256, 256, 400).read(stripes, 50)
    assert np.ptp(seen) <= 2
    assert seen.mean() == pytest.approx(128, abs=2)


def test_the_corners_lie_half_a_side_from_the_centre() -> None:
    corners = np.array([[0, 0], [64, 0], [64, 64], [0, 64]])
    np.testing.assert_allclose(Region(40, 30, 20).place(corners, 64), [[30, 20], [50, 20], [50, 40], [30, 40]])


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("side", [90.0, 300.0])
def test_what_is_found_in_a_region_is_placed_where_the_picture_has_it(side: float, mirrored: bool) -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    cv2.circle(picture, (320, 190), 6, (255, 255, 255), -1)
    region = Region(310, 200, side, math.radians(25), mirrored=mirrored)
    seen = region.read(picture, 128)[..., 0].astype(float)
    rows, columns = np.mgrid[:128, :128] + 0.5
    spot = np.array([[(columns * seen).sum(), (rows * seen).sum()]]) / seen.sum()
    np.testing.assert_allclose(region.place(spot, 128), [[320.5, 190.5]], atol=0.1)
