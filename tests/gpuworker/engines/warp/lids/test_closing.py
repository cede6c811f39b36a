from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.lids.closing import can_close, goes_on
from gpuworker.images.photo import Photo
from gpuworker.vision import framing
from gpuworker.vision.framing import SUPERSAMPLING, FramedPortrait
from gpuworker.vision.topology import SIDES
from tests.gpuworker.engines.warp.drawn_eyes import APERTURE, draw
from tests.gpuworker.pictures import chosen
from tests.gpuworker.variants import VARIANTS

BROWN, GREEN, PUPIL, INK = (92, 60, 40), (60, 120, 96), (20, 16, 14), (34, 26, 24)


def eyes_of(portrait: FramedPortrait) -> tuple[Eye, Eye]:
    landmarks = portrait.landmarks * SUPERSAMPLING
    candidates = portrait.iris_candidates * SUPERSAMPLING
    left, right = (
        Eye.measure(side, portrait.picture, landmarks, own) for side, own in zip(SIDES, candidates, strict=True)
    )
    return left, right


def framed_as(pixels: NDArray[np.uint8]) -> FramedPortrait:
    return framing.frame_portrait(Photo(pixels, None), chosen(pixels), STANDARD_FRAME, "auto")


def cartoon(portrait: FramedPortrait, iris: tuple[int, int, int], sides: tuple[int, ...] = (0, 1)) -> FramedPortrait:
    """The portrait with large round eyes drawn over its own, whose landmarks stay."""
    picture = portrait.picture.copy()
    for eye in (eyes_of(portrait)[side] for side in sides):
        at = tuple(int(place) for place in eye.middle)
        for width, height, colour in ((0.5, 0.42, (245, 244, 242)), (0.3, 0.36, iris), (0.14, 0.2, PUPIL)):
            axes = (round(width * eye.width), round(height * eye.width))
            cv2.ellipse(picture, at, axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
        cv2.ellipse(picture, at, (round(0.5 * eye.width), round(0.42 * eye.width)), 0, 0, 360, INK, 2, cv2.LINE_AA)
    return replace(portrait, picture=picture)


def narrow(portrait: FramedPortrait) -> FramedPortrait:
    """The right eye drawn so that its outline runs a little below the measured margin."""
    picture = portrait.picture.copy()
    eye = eyes_of(portrait)[1]
    at = tuple(int(place) for place in eye.middle)
    for width, height, colour in ((0.5, 0.28, (245, 244, 242)), (0.24, 0.28, BROWN), (0.1, 0.12, PUPIL)):
        axes = (round(width * eye.width), round(height * eye.width))
        cv2.ellipse(picture, at, axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
    cv2.ellipse(picture, at, (round(0.5 * eye.width), round(0.28 * eye.width)), 0, 0, 360, INK, 3, cv2.LINE_AA)
    return replace(portrait, picture=picture)


@pytest.mark.parametrize("variant", ["none", *VARIANTS])
def test_a_person_s_eyes_close(astronaut: NDArray[np.uint8], framed: FramedPortrait, variant: str) -> None:
    portrait = framed if variant == "none" else framed_as(VARIANTS[variant](astronaut))
    assert can_close(*eyes_of(portrait))


@pytest.mark.parametrize("iris", [BROWN, GREEN])
def test_eyes_that_are_drawn_far_beyond_their_margins_stay_open(
    framed: FramedPortrait, iris: tuple[int, int, int]
) -> None:
    assert not can_close(*eyes_of(cartoon(framed, iris)))


def test_an_eye_whose_outline_is_drawn_just_below_its_margin_stays_open(framed: FramedPortrait) -> None:
    assert not can_close(*eyes_of(narrow(framed)))


def test_one_eye_that_would_not_close_keeps_the_other_open(framed: FramedPortrait) -> None:
    left, right = eyes_of(cartoon(framed, BROWN, sides=(0,)))
    assert goes_on(left)
    assert not goes_on(right)
    assert not can_close(left, right)


def test_drawn_eyes_close_where_their_margins_are_found() -> None:
    assert can_close(*draw().eyes())


@pytest.mark.parametrize("share", [0.3, 0.4])
def test_drawn_eyes_stay_open_where_their_margins_run_across_them(share: float) -> None:
    assert not can_close(*draw(model_aperture=share * APERTURE).eyes())


def test_glare_on_spectacles_that_covers_the_margin_stays_open(framed: FramedPortrait) -> None:
    left, right = eyes_of(framed)
    picture = framed.picture.copy()
    for eye in (left, right):
        x, y = (int(place) for place in eye.middle)
        size = round(0.16 * eye.width)
        cv2.rectangle(picture, (x, y - size), (x + 2 * size, y + 2 * size), (255, 255, 255), -1)
    assert not can_close(*eyes_of(replace(framed, picture=picture)))


def test_shadow_and_bags_below_the_eyes_let_them_close(framed: FramedPortrait) -> None:
    picture = framed.picture.astype(np.float32)
    for eye in eyes_of(framed):
        y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
        away = np.hypot((x - eye.middle[0]) / 0.6, (y - eye.middle[1] - 0.3 * eye.width) / 0.14) / eye.width
        picture *= 1 - 0.45 * np.exp(-(away**2))[..., None]
    assert can_close(*eyes_of(replace(framed, picture=picture.astype(np.uint8))))


def test_the_rig_says_whether_they_close(framed: FramedPortrait) -> None:
    for portrait, closes in ((framed, True), (cartoon(framed, BROWN), False)):
        engine = WarpEngine()
        engine.set_portrait(portrait)
        assert [eye.closes for eye in engine.rig().eyes] == [closes, closes]


@pytest.mark.slow
def test_the_eyes_of_photos_and_paintings_close(other_face: NDArray[np.uint8]) -> None:
    assert can_close(*eyes_of(framed_as(other_face)))
