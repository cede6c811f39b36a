"""Link preview: the JPEG that other sites show beside a link."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from gpuworker.contract import STANDARD_FRAME
from gpuworker.images import photo
from gpuworker.rendering.sheets import SYNTHETIC_XMP
from gpuworker.vision import faces, framing
from portraits.sharing import link_preview

Pixels = NDArray[np.uint8]


def webp(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=90)
    return file.getvalue()


def composed(pixels: Pixels) -> tuple[Image.Image, bytes]:
    data = link_preview.compose(webp(pixels))
    return Image.open(io.BytesIO(data)), data


@pytest.fixture(scope="module")
def poster() -> Pixels:
    """Astronaut, framed as by a render."""
    pixels = skimage.data.astronaut()
    framed = framing.frame_portrait(
        photo.Photo(pixels), faces.choose(faces.find(pixels), None, pixels.shape), STANDARD_FRAME, "auto"
    )
    return cv2.resize(framed.picture, (410, 512), interpolation=cv2.INTER_AREA).astype(np.uint8)


def cut_out(poster: Pixels) -> Pixels:
    """Picture that is transparent except in the middle."""
    alpha = np.zeros(poster.shape[:2], np.uint8)
    alpha[40:, 100:310] = 255
    return np.dstack([poster, alpha])


@pytest.mark.parametrize("transparent", [False, True])
def test_it_is_a_jpeg_of_1200_by_630_that_is_light_and_marked_as_synthetic(poster: Pixels, transparent: bool) -> None:
    image, data = composed(cut_out(poster) if transparent else poster)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (1200, 630))
    assert len(data) < 150_000
    assert SYNTHETIC_XMP in data


@pytest.mark.parametrize("transparent", [False, True])
def test_the_face_is_whole_in_the_middle_large_and_not_stretched(poster: Pixels, transparent: bool) -> None:
    image, _ = composed(cut_out(poster) if transparent else poster)
    (before,) = faces.find(poster)
    (face,) = faces.find(np.asarray(image))
    assert face.box.x + face.box.width / 2 == pytest.approx(600, abs=60)
    assert face.box.y + face.box.height / 2 == pytest.approx(315, abs=80)
    assert face.height > 630 / 3
    assert face.width / face.height == pytest.approx(before.width / before.height, rel=0.04)


@pytest.mark.parametrize("size", [(512, 512), (300, 900), (900, 300), (1200, 630), (40, 50)])
def test_whatever_its_shape_a_circle_stays_one(size: tuple[int, int]) -> None:
    pixels = np.full((size[1], size[0], 3), 60, np.uint8)
    cv2.circle(pixels, (size[0] // 2, size[1] // 2), min(size) // 4, (250, 250, 250), -1, cv2.LINE_AA)
    image, _ = composed(pixels)
    bright = np.asarray(image.convert("L")) > 170
    height, width = (np.ptp(np.flatnonzero(bright.any(axis=axis))) for axis in (1, 0))
    assert image.size == (1200, 630)
    assert width == pytest.approx(height, rel=0.06)


def test_beside_the_portrait_its_own_colours_go_on_without_an_edge() -> None:
    rows = np.linspace(0, 1, 512)[:, None, None]
    pixels = np.repeat((rows * (30, 90, 160) + (1 - rows) * (200, 170, 40)).astype(np.uint8), 410, axis=1)
    image, _ = composed(pixels)
    shown = np.asarray(image).astype(int)
    assert np.abs(np.diff(shown, axis=1)).max() < 12
    assert np.abs(shown[315, 5] - shown[315, 600]).max() < 90
    assert shown[60, 5, 0] > shown[600, 5, 0]
    assert shown[60, 5, 2] < shown[600, 5, 2]


def test_nobody_at_all_before_the_wall_is_no_fault() -> None:
    assert composed(np.zeros((512, 410, 4), np.uint8))[0].size == (1200, 630)


def test_the_same_poster_gives_the_same_file(poster: Pixels) -> None:
    assert link_preview.compose(webp(poster)) == link_preview.compose(webp(poster))


def test_what_is_no_picture_is_an_error() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        link_preview.compose(b"no picture")
