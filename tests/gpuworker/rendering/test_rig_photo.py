from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from gpuworker.contract import STANDARD_FRAME, Size
from gpuworker.images.photo import Photo
from gpuworker.rendering import rig_photo
from gpuworker.rendering.sheets import SYNTHETIC_XMP, Pixels
from gpuworker.vision import framing, matting
from gpuworker.vision.framing import FramedPortrait
from tests.gpuworker.pictures import chosen, resized


def psnr(one: Pixels, other: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def read(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_small_upload_s_photo_is_the_upload_s_own_pixels(framed: FramedPortrait, astronaut: Pixels) -> None:
    assert framed.upscale > 3
    photo, crop = rig_photo.photo_of(framed), framed.crop
    assert photo.shape[1] == crop.width
    x, y, width, height = map(int, (crop.x, crop.y, crop.width, crop.height))
    assert psnr(photo[:height], astronaut[y : y + height, x : x + width][: photo.shape[0]]) > 48


def test_a_large_upload_s_photo_has_twice_the_frame(astronaut: Pixels) -> None:
    large = resized(astronaut, 5)
    portrait = framing.frame_portrait(Photo(large, None), chosen(large), STANDARD_FRAME, "auto")
    assert portrait.upscale < 1
    assert rig_photo.photo_size(portrait) == Size(820, 1024)
    assert np.array_equal(rig_photo.photo_of(portrait), portrait.picture)


def test_a_removed_background_is_in_no_pixel_of_the_photo(
    framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, _ = matting.remove_background(framed)
    assert cut.alpha is not None
    elsewhere = framed.picture.copy()
    elsewhere[cut.alpha == 0] = np.random.default_rng(2).integers(0, 256, 3)
    matte = cut.alpha / np.float32(255)
    monkeypatch.setattr(matting, "_refined", lambda picture: matte)
    photos = [
        rig_photo.photo_of(matting.remove_background(replace(framed, picture=picture))[0])
        for picture in (framed.picture, elsewhere)
    ]
    rims = cv2.dilate((photos[0][..., 3] > 0).astype(np.uint8), np.ones((7, 7), np.uint8))  # of two colours apart
    hidden = rims == 0
    assert 0.1 < hidden.mean() < 0.9
    assert np.array_equal(photos[0][hidden], photos[1][hidden])
    assert read(rig_photo.webp(photos[0])).mode == "RGBA"


@pytest.mark.parametrize("kind", ["webp", "avif"])
def test_a_photo_is_marked_as_synthetic_and_holds_no_other_metadata(framed: FramedPortrait, kind: str) -> None:
    photo = rig_photo.photo_of(framed)
    data = rig_photo.webp(photo) if kind == "webp" else rig_photo.avif(photo, 1 << 30)
    assert data is not None
    image = read(data)
    assert image.info["xmp"] == SYNTHETIC_XMP
    assert not image.getexif()
    assert not {"exif", "icc_profile"} & {key for key, value in image.info.items() if value}


def test_both_formats_are_near_the_photo(framed: FramedPortrait) -> None:
    photo = rig_photo.photo_of(framed)
    avif = rig_photo.avif(photo, 1 << 30)
    assert avif is not None
    for data in (rig_photo.webp(photo), avif):
        assert psnr(np.asarray(read(data).convert("RGB")), photo) > 36


def test_an_avif_that_is_no_smaller_is_none(framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = rig_photo.photo_of(framed)
    size = len(rig_photo.avif(photo, 1 << 30) or b"")
    assert rig_photo.avif(photo, size) is None
    assert rig_photo.avif(photo, size + 1) is not None


def test_a_transparent_photo_is_transparent_as_avif(framed: FramedPortrait) -> None:
    alpha = np.zeros(framed.picture.shape[:2], np.uint8)
    alpha[200:900, 150:700] = 255
    data = rig_photo.avif(rig_photo.photo_of(replace(framed, alpha=alpha)), 1 << 30)
    assert data is not None
    assert read(data).mode == "RGBA"


def test_sizes_are_whole_pixels(framed: FramedPortrait) -> None:
    tiny: Any = replace(framed, upscale=1e6)
    assert rig_photo.photo_size(tiny) == Size(1, 1)
