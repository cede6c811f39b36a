"""The crop by rule, by hand and none; and landmarks that land on the framed picture exactly."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.contract import LARGE_FRAME, STANDARD_FRAME, Box, Framing, Size
from gpuworker.errors import BadRequest
from gpuworker.images.photo import Photo
from gpuworker.vision import faces, framing, topology
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.region import Picture
from tests.gpuworker.pictures import chosen
from tests.gpuworker.variants import dark, enlarged, grey, tilted


def size_of(pixels: Picture) -> Size:
    return Size(pixels.shape[1], pixels.shape[0])


def framed(pixels: Picture, how: Framing = "auto", frame: Size = STANDARD_FRAME) -> FramedPortrait:
    return framing.frame_portrait(Photo(pixels), chosen(pixels), frame, how)


def moved(face: Face, scale: float, x: float, y: float) -> Face:
    """The face enlarged, with the middle of its silhouette at x, y."""
    oval = face.landmarks[list(topology.OVAL)]
    middle = (oval.min(axis=0) + oval.max(axis=0)) / 2
    landmarks = (face.landmarks - middle) * scale + [x, y, 0]
    return dataclasses.replace(face, landmarks=landmarks)


def inside(crop: Box, photo: Size) -> bool:
    return crop.x >= 0 and crop.y >= 0 and crop.x + crop.width <= photo.width and crop.y + crop.height <= photo.height


def middle_in(face: Face, crop: Box) -> tuple[float, float]:
    """Where the face's centre lies in the crop, as shares of its sides."""
    x, y = face.landmarks[[234, 454, 10, 152], :2].mean(axis=0)
    return (x - crop.x) / crop.width, (y - crop.y) / crop.height


# ----------------------------------------------------------------- automatic


def test_each_portrait_gets_head_and_shoulders(portrait: Picture) -> None:
    face = chosen(portrait)
    crop = framing.plan(face, size_of(portrait), STANDARD_FRAME, "auto")
    x, y = middle_in(face, crop)
    assert inside(crop, size_of(portrait))
    assert face.width / crop.width == pytest.approx(0.42, abs=0.005)
    assert 0.34 <= x <= 0.66
    assert 0.40 <= y <= 0.60
    assert crop.width * 512 / 410 == pytest.approx(crop.height, abs=0.51)


def test_a_long_face_decides_by_its_height(face: Face) -> None:
    long = dataclasses.replace(face, landmarks=face.landmarks * [1, 1.5, 1] + [200, 200, 0])
    crop = framing.plan(long, Size(2000, 2000), STANDARD_FRAME, "auto")
    assert long.height / crop.height == pytest.approx(0.58, abs=0.01)
    assert long.width / crop.width < 0.42


def test_a_face_in_the_middle_of_a_large_picture_is_centred(face: Face) -> None:
    crop = framing.plan(moved(face, 2, 1000, 1000), Size(2000, 2000), STANDARD_FRAME, "auto")
    assert middle_in(moved(face, 2, 1000, 1000), crop) == pytest.approx((0.50, 0.47), abs=0.01)


@pytest.mark.parametrize(("x", "y"), [(90, 500), (910, 500), (500, 120), (500, 880), (90, 120), (910, 880)], ids=str)
def test_the_crop_slides_inside_the_picture(face: Face, x: float, y: float) -> None:
    other = moved(face, 1, x, y)
    crop = framing.plan(other, Size(1000, 1000), STANDARD_FRAME, "auto")
    along, down = middle_in(other, crop)
    assert inside(crop, Size(1000, 1000))
    assert other.width / crop.width == pytest.approx(0.42, abs=0.005)
    assert 0.34 <= along <= 0.66
    assert 0.40 <= down <= 0.60


@pytest.mark.parametrize(("x", "y"), [(52, 300), (300, 62), (548, 300), (300, 550)], ids=str)
def test_it_zooms_in_before_it_pads(face: Face, x: float, y: float) -> None:
    other = moved(face, 1, x, y)
    crop = framing.plan(other, Size(600, 600), STANDARD_FRAME, "auto")
    assert 0.5 < other.width / crop.width <= 0.745
    assert inside(crop, Size(600, 600))


def test_a_picture_of_the_bare_face_is_padded_at_top_and_sides_only(astronaut: Picture) -> None:
    pixels = np.ascontiguousarray(astronaut[69:178, 178:274])
    face = chosen(pixels)
    crop = framing.plan(face, size_of(pixels), STANDARD_FRAME, "auto")
    assert face.width / crop.width == pytest.approx(0.74, abs=0.01)
    assert crop.x < 0
    assert crop.y < 0
    assert crop.x + crop.width > pixels.shape[1]
    assert crop.y + crop.height <= pixels.shape[0]


def test_beside_the_edge_it_crops_more_tightly_before_it_pads(astronaut: Picture) -> None:
    pixels = np.ascontiguousarray(astronaut[60:230, 160:300])
    crop = framing.plan(chosen(pixels), size_of(pixels), STANDARD_FRAME, "auto")
    assert framing.padding_share(crop, size_of(pixels)) == 0
    assert framing.advice(crop, size_of(pixels)) == ()


def test_what_is_made_up_is_a_share_of_the_crop_and_never_silent(astronaut: Picture) -> None:
    assert framing.padding_share(Box(-20, 0, 100, 100), Size(200, 200)) == pytest.approx(0.2)
    assert framing.padding_share(Box(-20, -50, 100, 100), Size(200, 200)) == pytest.approx(0.6)
    assert framing.padding_share(Box(0, 0, 100, 100), Size(200, 200)) == 0
    bare = np.ascontiguousarray(astronaut[69:178, 178:274])
    crop = framing.plan(chosen(bare), size_of(bare), STANDARD_FRAME, "auto")
    (sentence,) = framing.advice(crop, size_of(bare))
    assert f"{framing.padding_share(crop, size_of(bare)):.0%}" in sentence
    assert "smeared" in sentence


@pytest.mark.parametrize("seed", range(40))
def test_wherever_the_face_is_the_rule_holds(face: Face, seed: int) -> None:
    random = np.random.default_rng(seed)
    photo = Size(*(int(side) for side in random.integers(200, 1500, 2)))
    scale = random.uniform(0.6, min(photo.width, photo.height) / 115)
    other = moved(face, scale, 0, 0)
    low, high = (
        other.landmarks[list(topology.OVAL), :2].min(axis=0),
        [photo.width, photo.height] - other.landmarks[list(topology.OVAL), :2].max(axis=0),
    )
    other = moved(face, scale, *random.uniform(-low, np.maximum(high, -low)))
    crop = framing.plan(other, photo, STANDARD_FRAME, "auto")
    assert crop.y + crop.height <= photo.height
    assert 0.41 < other.width / crop.width < 0.75
    assert other.width / crop.width < 0.63 or not inside(crop, photo) or framing.padding_share(crop, photo) == 0
    assert crop.width * 512 / 410 == pytest.approx(crop.height, abs=0.51)
    along, down = middle_in(other, crop)
    assert 0.29 <= along <= 0.71
    assert down >= 0.36
    assert all(float(value).is_integer() for value in (crop.x, crop.y, crop.width, crop.height))


# ------------------------------------------------------------- whole, adjusted


@pytest.mark.parametrize(
    ("photo", "requested", "expected"),
    [
        (Size(1000, 2000), STANDARD_FRAME, Size(256, 512)),
        (Size(3001, 2000), STANDARD_FRAME, Size(512, 342)),
        (Size(300, 300), STANDARD_FRAME, Size(512, 512)),
        (Size(1000, 2000), LARGE_FRAME, Size(320, 640)),
    ],
)
def test_the_whole_picture_keeps_its_shape(photo: Size, requested: Size, expected: Size) -> None:
    assert framing.frame_size(photo, "whole", requested) == expected
    assert framing.frame_size(photo, "whole", expected) == expected


def test_a_crop_has_the_frame_that_was_requested() -> None:
    assert framing.frame_size(Size(100, 900), "auto", LARGE_FRAME) == LARGE_FRAME
    assert framing.frame_size(Size(100, 900), Box(0, 0, 9, 9), STANDARD_FRAME) == STANDARD_FRAME


def test_a_ribbon_of_a_picture_cannot_be_kept_whole() -> None:
    with pytest.raises(BadRequest, match="narrow"):
        framing.frame_size(Size(4000, 400), "whole", STANDARD_FRAME)


def test_the_whole_picture_is_shown_whole(astronaut: Picture) -> None:
    tall = np.ascontiguousarray(astronaut[:, 80:380])
    portrait = framed(tall, "whole")
    assert portrait.crop == Box(0, 0, 300, 512)
    assert portrait.frame == Size(300, 512)
    assert portrait.picture.shape == (1024, 600, 3)
    assert portrait.person.shape == (512, 300)


def test_a_face_too_small_in_the_whole_picture_is_refused(astronaut: Picture, face: Face) -> None:
    wide = cv2.copyMakeBorder(astronaut, 0, 700, 350, 350, cv2.BORDER_REPLICATE).astype(np.uint8)
    shifted = dataclasses.replace(face, landmarks=face.landmarks + np.array([350, 0, 0]))
    with pytest.raises(BadRequest, match="only 39 pixels wide"):
        framing.frame_portrait(Photo(wide), shifted, STANDARD_FRAME, "whole")


def test_an_adjusted_crop_is_used_as_it_is(astronaut: Picture, face: Face) -> None:
    crop = framing.plan(face, size_of(astronaut), STANDARD_FRAME, Box(100, 20, 200, 250))
    assert (crop.x, crop.y, crop.width) == (100, 20, 200)
    assert crop.height == pytest.approx(250, abs=0.51)


@pytest.mark.parametrize(
    "box", [Box(-60, -60, 300, 375), Box(150, 20, 900, 1125), Box(10, 60, 400, 100)], ids=["off", "huge", "flat"]
)
def test_an_adjusted_crop_is_kept_inside_the_picture(astronaut: Picture, face: Face, box: Box) -> None:
    crop = framing.plan(face, size_of(astronaut), STANDARD_FRAME, box)
    assert inside(crop, size_of(astronaut))
    assert crop.width * 512 / 410 == pytest.approx(crop.height, abs=0.51)


@pytest.mark.parametrize(
    "box",
    [Box(220, 100, 40, 50), Box(200, 30, 120, 150), Box(100, 100, 130, 160), Box(140, 120, 400, 390)],
    ids=["tiny", "left off", "right off", "top off"],
)
def test_an_adjusted_crop_holds_the_whole_face(astronaut: Picture, face: Face, box: Box) -> None:
    crop = framing.plan(face, size_of(astronaut), STANDARD_FRAME, box)
    oval = face.landmarks[list(topology.OVAL), :2]
    assert (oval.min(axis=0) > [crop.x, crop.y]).all()
    assert (oval.max(axis=0) < [crop.x + crop.width, crop.y + crop.height]).all()


@pytest.mark.parametrize("box", [Box(300, 300, 150, 190), Box(0, 0, 150, 190), Box(-900, -900, 10, 10)], ids=str)
def test_an_adjusted_crop_of_something_else_is_refused(astronaut: Picture, face: Face, box: Box) -> None:
    with pytest.raises(BadRequest, match="does not show the face"):
        framing.plan(face, size_of(astronaut), STANDARD_FRAME, box)


def test_large_frames_need_a_large_face(astronaut: Picture, portrait: Picture) -> None:
    with pytest.raises(BadRequest, match=r"9[23] pixels wide; frames of 512 × 640 need at least 130"):
        framed(astronaut, frame=LARGE_FRAME)
    if chosen(portrait).width >= 130:
        assert framed(portrait, frame=LARGE_FRAME).picture.shape == (1280, 1024, 3)


# --------------------------------------------------------------- the picture


@pytest.mark.parametrize("variant", [dark, grey, tilted, enlarged])
def test_landmarks_found_again_agree(astronaut: Picture, variant: Callable[[Picture], Picture]) -> None:
    again(framed(variant(astronaut)))


@pytest.mark.parametrize("how", ["auto", "whole", Box(120, 10, 230, 280)], ids=str)
def test_the_astronauts_landmarks_found_again_agree(astronaut: Picture, how: Framing) -> None:
    again(framed(astronaut, how))


def test_landmarks_found_again_in_a_padded_picture_agree(astronaut: Picture) -> None:
    again(framed(np.ascontiguousarray(astronaut[69:178, 178:274])))


def again(portrait: FramedPortrait) -> None:
    """Analyse the framed picture and compare in frame pixels."""
    found = faces.find(portrait.picture)[0].landmarks[:, :2] / framing.SUPERSAMPLING
    difference = found - portrait.landmarks[:, :2]
    assert np.linalg.norm(difference.mean(axis=0)) < 0.7
    assert np.linalg.norm(difference, axis=1).mean() < 1.5
    irises = np.linalg.norm(difference[[468, 473]], axis=1)
    assert irises.max() < 1.0


@pytest.mark.parametrize("scale", [0.5, 4.0], ids=["enlarged", "shrunk"])
@pytest.mark.parametrize("how", ["auto", "whole"])
def test_landmarks_land_on_the_very_pixel(face: Face, scale: float, how: Framing) -> None:
    """In a picture whose colours are its coordinates, colours at a landmark are its upload position."""
    side = round(512 * scale)
    centres = (np.arange(side) + 0.5) / side * 256 - 0.5
    ramp = np.round(np.dstack([*np.meshgrid(centres, centres), np.zeros((side, side))])).astype(np.uint8)
    other = dataclasses.replace(face, landmarks=face.landmarks * scale, iris_candidates=face.iris_candidates * scale)
    portrait = framing.frame_portrait(Photo(ramp), other, STANDARD_FRAME, how)
    mesh = np.floor(portrait.landmarks[:468, :2] * framing.SUPERSAMPLING).astype(int)
    shown = portrait.picture[mesh[:, 1], mesh[:, 0], :2].astype(float)
    expected = other.landmarks[:468, :2] / side * 256 - 0.5
    assert np.abs((shown - expected).mean(axis=0)).max() < 0.1


def test_a_large_photo_is_averaged_not_sampled(face: Face) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (4096, 4096, 3), np.uint8)
    other = dataclasses.replace(face, landmarks=face.landmarks * 8)
    portrait = framing.frame_portrait(Photo(noise), other, STANDARD_FRAME, "whole")
    assert portrait.picture.std() < 74 / 3


def test_depth_and_irises_are_scaled_with_the_picture(astronaut: Picture, face: Face) -> None:
    portrait = framed(astronaut)
    scale = portrait.upscale / framing.SUPERSAMPLING
    np.testing.assert_allclose(portrait.landmarks[:, 2], face.landmarks[:, 2] * scale, rtol=1e-6)
    np.testing.assert_allclose(portrait.iris_candidates.mean(axis=1), portrait.landmarks[[468, 473], :2], atol=1e-6)


def test_pixels_inside_the_photo_do_not_change_by_padding(astronaut: Picture) -> None:
    pixels = np.ascontiguousarray(astronaut[69:178, 178:274])
    portrait = framed(pixels)
    scale = portrait.picture.shape[1] / portrait.crop.width
    bare = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    left, top = round(-portrait.crop.x * scale), round(-portrait.crop.y * scale)
    part = portrait.picture[top + 40 : top + 500, left + 40 : left + 500].astype(int)
    assert np.abs(part - bare[40:500, 40:500]).mean() < 6


def test_padding_turns_into_blur(astronaut: Picture) -> None:
    pixels = astronaut[69:178, 178:274].copy()
    pixels[0, ::2] = 255 - pixels[0, ::2]
    portrait = framed(pixels)
    edge = round(-portrait.crop.y * portrait.picture.shape[0] / portrait.crop.height)
    rough = np.abs(np.diff(portrait.picture[:, 300:500].astype(int), axis=1)).mean(axis=(1, 2))
    assert rough[edge - 2] > 4 * rough[: edge - 60].max()


def test_alpha_is_cut_like_the_picture_and_empty_in_padding(astronaut: Picture) -> None:
    pixels = np.ascontiguousarray(astronaut[69:178, 178:274])
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    alpha[:, :48] = 100
    portrait = framing.frame_portrait(Photo(pixels, alpha), chosen(pixels), STANDARD_FRAME, "auto")
    assert portrait.alpha is not None
    assert portrait.alpha.shape == portrait.picture.shape[:2]
    padded = round(-portrait.crop.y * portrait.picture.shape[0] / portrait.crop.height) - 12
    assert padded > 100
    assert portrait.alpha[:padded].max() == 0
    nose = portrait.landmarks[1, :2] * framing.SUPERSAMPLING
    assert portrait.alpha[int(nose[1]), int(nose[0]) - 150] == 100
    assert portrait.alpha[int(nose[1]), int(nose[0]) + 150] == 255
    assert portrait.person[: padded // framing.SUPERSAMPLING].max() == 0


def test_the_frame_and_its_parts_fit_together(portrait: Picture) -> None:
    result = framed(portrait)
    assert result.frame == STANDARD_FRAME
    assert result.picture.shape == (1024, 820, 3)
    assert result.picture.dtype == np.uint8
    assert result.alpha is None
    assert result.person.shape == (512, 410)
    assert result.person.dtype == np.float32
    assert result.upscale == pytest.approx(820 / result.crop.width)
    assert _at(result.person, result.landmarks[1]) > 0.9


def _at(mask: NDArray[np.float32], point: NDArray[np.float64]) -> float:
    return float(mask[int(point[1]), int(point[0])])


@pytest.mark.parametrize("frame", [Size(512, 288), Size(480, 480), Size(300, 500)])
def test_no_shape_of_frame_cuts_the_face(astronaut: NDArray[np.uint8], frame: Size) -> None:
    """Padded where a tight photo has nothing: a face cut by the frame folds."""
    tight = np.ascontiguousarray(astronaut[15:205, 150:300])
    face = faces.choose(faces.find(tight), None, tight.shape)
    crop = framing.plan(face, Size(150, 190), frame, "auto")
    oval = face.landmarks[list(topology.OVAL), :2]
    assert crop.x <= oval[:, 0].min()
    assert crop.y <= oval[:, 1].min()
    assert crop.x + crop.width >= oval[:, 0].max()
    assert crop.y + crop.height >= oval[:, 1].max()
