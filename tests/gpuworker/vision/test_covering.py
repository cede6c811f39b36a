"""Coverings of a face, measured on pictures painted so."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from gpuworker.vision import faces
from gpuworker.vision.covering import DARK_LENS, MASK_COLOUR, MASK_LIPS, MASK_NOSE, Covering, hidden_eyes
from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture
from gpuworker.vision.topology import SIDES, Side
from tests.bench.everyday import EVERYDAY
from tests.bench.over_eyes import behind_a_hand, curtained, patched, winking
from tests.bench.variants import in_a_mask, in_sunglasses
from tests.gpuworker.pictures import chosen, resized


def measured(pixels: Picture) -> Covering:
    return chosen(pixels).covering


@pytest.fixture(scope="module")
def large(astronaut: Picture) -> Picture:
    return resized(astronaut, 2)


@pytest.fixture(scope="module")
def large_face(large: Picture) -> Face:
    return chosen(large)


def test_a_bare_face_is_far_from_every_threshold(large_face: Face) -> None:
    bare = large_face.covering
    assert bare.lower_colour < MASK_COLOUR / 2
    assert bare.lips_red > MASK_LIPS
    assert bare.eye_light > 2 * DARK_LENS
    assert not large_face.drawn
    assert not large_face.eyes_hidden


def test_a_mask_is_one_other_colour_over_nose_and_mouth_without_lips(large: Picture, large_face: Face) -> None:
    masked = measured(in_a_mask(large, large_face))
    assert masked.mask
    assert masked.lower_colour > MASK_COLOUR
    assert masked.nose_colour > MASK_NOSE
    assert masked.lips_red < MASK_LIPS


def test_lenses_are_darker_than_any_eye_in_the_shade(large: Picture, large_face: Face) -> None:
    assert measured(in_sunglasses(large, large_face)).dark_lenses


def test_few_flat_colours_are_flatter_than_skin(large: Picture, large_face: Face) -> None:
    few = (cv2.medianBlur(large, 31) // 32 * 32 + 16).astype(np.uint8)
    drawn = faces.find_at(few, *large_face.eyes_middle)
    assert drawn.covering.flatness < 0.5 * large_face.covering.flatness


def test_half_a_face_outside_the_picture_is_measured_all_the_same(large: Picture, large_face: Face) -> None:
    box = large_face.box
    half = np.ascontiguousarray(large[:, round(box.x + box.width / 2) :])
    assert all(np.isfinite(list(vars(face.covering).values())).all() for face in faces.find(half))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("cover", [patched, curtained, behind_a_hand, winking])
def test_an_eye_beneath_a_patch_hair_a_hand_or_its_lid_is_hidden_and_the_other_is_not(
    astronaut: Picture, face: Face, cover: Callable[[Picture, Face, Side], Picture], side: Side
) -> None:
    pixels = cover(astronaut, face, side)
    assert hidden_eyes(pixels, chosen(pixels).landmarks) == (side == "left", side == "right")


@pytest.mark.parametrize("name", ["as it is", "round spectacles", "fringe", "looks left", "dark skin", "blur"])
def test_eyes_that_are_seen_are_not_hidden(astronaut: Picture, face: Face, name: str) -> None:
    pixels = EVERYDAY[name](astronaut, face)
    assert hidden_eyes(pixels, chosen(pixels).landmarks) == (False, False)


@pytest.mark.slow
def test_no_eye_of_a_photo_or_painting_is_hidden(other_face: Picture) -> None:
    assert hidden_eyes(other_face, chosen(other_face).landmarks) == (False, False)
