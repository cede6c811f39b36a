"""Cost of decoding, foreseen: honest photos are within the budget, traps are refused before anything is decoded."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from gpuworker.errors import PhotoTooHeavy, PhotoTooLarge
from gpuworker.images import image_headers, photo
from gpuworker.images.decode_cost import BUDGET, Cost
from gpuworker.images.image_headers import Header
from gpuworker.images.isobmff import Grid
from tests.gpuworker import heic
from tests.portraits.uploads.files import chunk, png

MEGABYTE = 1_000_000


def header(kind: Any, width: int, height: int, megabytes: float = 5, **facts: Any) -> Header:
    return Header(kind, width, height, round(megabytes * MEGABYTE), **facts)


def tiled(width: int, height: int, megabytes: float) -> Header:
    tiles = -(-width // 512) * -(-height // 512)
    grid = Grid(width, height, -(-width // 512), 512, 512, ((0, 1),) * tiles, ())
    return header("HEIF", width, height, megabytes, coded_pixels=tiles * 512**2, grid=grid)


def within(header: Header) -> bool:
    try:
        photo._affordable_factor(header, 4096, BUDGET)
    except PhotoTooHeavy:
        return False
    return True


CAMERAS = ((8192, 6144), (8160, 6144), (8688, 5792), (8256, 6192), (8280, 6208))
"""Sizes that cameras sold as having 50 megapixels write."""

HONEST = {
    **{f"JPEG of {width} × {height}": header("JPEG", width, height, 25) for width, height in CAMERAS},
    **{f"HEIC of {width} × {height}": tiled(width, height, 15) for width, height in CAMERAS},
    **{
        f"progressive JPEG of {width} × {height}": header("JPEG", width, height, 25, scans=10, samples=1.5)
        for width, height in CAMERAS
    },
    "HEIC of a phone, 48 MP, 13 MB": tiled(8064, 6048, 13),
    "HEIC of a phone, 24 MP": tiled(5712, 4284, 5),
    "HEIC of a phone, 12 MP": tiled(4032, 3024, 2),
    "HEIC in one piece, 12 MP": header("HEIF", 4032, 3024, coded_pixels=4032 * 3024),
    "HEIC of a camera, 10 bits, 12 MP": header("HEIF", 4000, 3000, coded_pixels=12_000_000, deep=True),
    "JPEG, 50 MP, 25 MB": header("JPEG", 8192, 6100, 25),
    "JPEG, 24 MP": header("JPEG", 5712, 4284),
    "JPEG, square, 36 MP": header("JPEG", 6000, 6000),
    "progressive JPEG, 24 MP": header("JPEG", 5712, 4284, scans=10, samples=1.5),
    "progressive JPEG, 48 MP": header("JPEG", 8064, 6048, scans=10, samples=1.5),
    "progressive JPEG of full colour, 24 MP": header("JPEG", 6000, 4000, scans=10, samples=3),
    "PNG, 24 MP": header("PNG", 5712, 4284, 25),
    "PNG with alpha, 12 MP": header("PNG", 4032, 3024, 20, alpha=True),
    "PNG, 16 bits, 12 MP": header("PNG", 4032, 3024, 25, deep=True),
    "interlaced PNG, 12 MP": header("PNG", 4032, 3024, 20, interlaced=True),
    "WebP, 24 MP": header("WEBP", 5712, 4284, still_webp=True),
    "lossless WebP, 12 MP": header("WEBP", 4032, 3024, 12, still_webp=True, lossless=True),
    "WebP with alpha, 12 MP": header("WEBP", 4032, 3024, still_webp=True, alpha=True),
    "AVIF, 12 MP": header("AVIF", 4032, 3024, coded_pixels=4032 * 3024),
    "AVIF with alpha, 12 MP": header("AVIF", 4032, 3024, coded_pixels=2 * 4032 * 3024, alpha=True),
}
HEAVY = {
    "WebP of one colour, 49 MP": header("WEBP", 7000, 7000, 0.00004, still_webp=True, lossless=True),
    "animated WebP, 49 MP": header("WEBP", 7000, 7000, 0.1, frames=2),
    "PNG of nothing, 50 MP": header("PNG", 7071, 7071, 0.05),
    "interlaced PNG of 16 bits with alpha, 30 MP": header("PNG", 6000, 5000, interlaced=True, deep=True, alpha=True),
    "PNG with alpha, 24 MP": header("PNG", 5712, 4284, alpha=True),
    "AVIF, 48 MP": header("AVIF", 8064, 6048, 0.002, coded_pixels=8064 * 6048),
    "HEIC in one piece, 48 MP": header("HEIF", 8064, 6048, coded_pixels=8064 * 6048),
    "HEIC of many layers": header("HEIF", 1000, 1000, coded_pixels=100_000_000),
    "HEIC that decodes more than it shows": header("HEIF", 100, 100, coded_pixels=60_000_000),
    "progressive JPEG, 48 MP, in full colour": header("JPEG", 8064, 6048, scans=10, samples=3),
    "JPEG of 60 scans": header("JPEG", 5000, 4000, scans=60, samples=1.5),
}


@pytest.mark.parametrize("header", HONEST.values(), ids=HONEST.keys())
def test_an_honest_photo_is_within_the_budget(header: Header) -> None:
    assert within(header)


@pytest.mark.parametrize("header", HEAVY.values(), ids=HEAVY.keys())
def test_a_heavy_one_is_not(header: Header) -> None:
    assert not within(header)


def test_the_budget_is_two_seconds_and_two_hundred_megabytes() -> None:
    assert Cost(2, 200) == BUDGET
    assert not Cost(2.01, 1).within(BUDGET)
    assert not Cost(0.1, 201).within(BUDGET)


@pytest.mark.parametrize(("width", "height"), CAMERAS)
def test_what_cameras_of_50_megapixels_write_is_not_too_large(width: int, height: int) -> None:
    assert photo._checked(png(width, height, 8, 2)).pixels == width * height


def test_more_than_they_write_is_too_large() -> None:
    with pytest.raises(PhotoTooLarge):
        photo._checked(png(8_320, 6_260, 8, 2))


BITS = (6_999 | 6_999 << 14).to_bytes(4, "little")
FLAT_WEBP = b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<I", 14) + b"\x2f" + BITS + bytes(9)
TRAPS = {
    "WebP of 34 bytes": FLAT_WEBP,
    "PNG of 50 MP": png(7071, 7071, 8, 2),
    "HEIC whose tiles are all the same bytes": heic.grid(18, 18, more=(heic.box(b"clap", bytes(32)),)),
    "PNG with transparency": png(5000, 5000, 8, 2, chunk(b"tRNS", bytes(6))),
}


@pytest.mark.parametrize("file", TRAPS.values(), ids=TRAPS.keys())
def test_a_trap_is_refused_before_anything_is_decoded(file: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: object) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(photo, "_photo", decoded)
    assert len(file) < 60_000
    assert image_headers.parse(file) is not None
    with pytest.raises(PhotoTooHeavy):
        photo.read(file, enough=4096, budget=BUDGET)


def test_without_a_budget_only_the_fixed_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "_photo", lambda *_: "decoded")
    assert photo.read(png(5000, 5000, 8, 6)) == "decoded"
