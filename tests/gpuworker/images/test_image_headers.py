"""Headers of pictures: true to what is in the file, and cheap for any file."""

from __future__ import annotations

import io
import re
import struct
from typing import Any

import pytest
from PIL import Image

from gpuworker.errors import UnreadablePhoto
from gpuworker.images import image_headers, isobmff
from gpuworker.images.image_headers import MAX_CHUNKS, Cicp, Header, jpeg_markers, parse, scan_count
from tests.portraits.uploads.files import chunk, png


def encoded(kind: str, size: tuple[int, int] = (90, 60), mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 40).convert(mode).save(file, kind, **options)
    return file.getvalue()


def header(file: bytes) -> Header:
    found = parse(file)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {}),
    ],
)
def test_size_and_kind_are_read(kind: str, options: dict[str, Any]) -> None:
    file = encoded(kind, **options)
    found = header(file)
    assert (found.kind, found.width, found.height, found.length) == (kind, 90, 60, len(file))


@pytest.mark.parametrize("file", [b"", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x18ftypheic", b"%PDF"])
def test_what_has_no_header_has_none(file: bytes) -> None:
    assert parse(file) is None


# ----------------------------------------------------------------------- JPEG


def test_a_jpeg_says_how_many_coefficients_wait_for_its_last_scan() -> None:
    assert header(encoded("JPEG")).samples == 0
    assert header(encoded("JPEG", progressive=True, subsampling="4:2:0")).samples == 1.5
    assert header(encoded("JPEG", progressive=True, subsampling="4:4:4")).samples == 3
    assert header(encoded("JPEG", mode="L", progressive=True)).grey


class CountedPattern:
    """Stands in for the marker's pattern and counts the bytes that each search goes over."""

    def __init__(self) -> None:
        self.bytes = 0

    def search(self, data: bytes, at: int) -> re.Match[bytes] | None:
        found = PATTERN.search(data, at)
        self.bytes += (found.end() if found else len(data)) - at
        return found


PATTERN = image_headers._JPEG_MARKER
START = b"\xff\xd8"
TRAPS = {
    "fill bytes": START + b"\xff" * 5_000,
    "fill bytes and zeros": START + (b"\xff" * 50 + b"\0") * 2_000,
    "stuffed bytes": START + b"\xff\0" * 50_000,
    "restart markers": START + b"\xff\xd3" * 50_000,
    "lengths of nothing": START + b"\xff\xe1\0\0" * 5_000,
    "scans": START + b"\xff\xda\0\2" * 5_000,
}


@pytest.mark.parametrize("jpeg", TRAPS.values(), ids=TRAPS.keys())
def test_no_byte_of_a_jpeg_is_searched_twice(jpeg: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = CountedPattern()
    monkeypatch.setattr(image_headers, "_JPEG_MARKER", counted)
    assert len(list(jpeg_markers(jpeg))) <= MAX_CHUNKS
    assert counted.bytes <= len(jpeg)


def test_the_search_looks_at_two_bytes_from_each_position() -> None:
    """A longer pattern would go over a run of fill bytes again from each byte of it."""
    assert re._parser.parse(PATTERN.pattern).getwidth() == (2, 2)  # type: ignore[attr-defined]


def test_a_jpeg_of_endless_markers_is_refused() -> None:
    with pytest.raises(UnreadablePhoto):
        scan_count(START + b"\xff\xe1\0\2" * (MAX_CHUNKS + 1))


def test_scans_after_the_picture_do_not_count() -> None:
    jpeg = encoded("JPEG", progressive=True)
    assert scan_count(jpeg + jpeg) == scan_count(jpeg)


# ------------------------------------------------------------------------ PNG


def colours(*chunks: bytes) -> Header:
    return header(png(4, 4, 8, 2, *chunks))


def test_a_pngs_colours_are_read() -> None:
    white_and_primaries = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    found = colours(
        chunk(b"cICP", bytes([12, 13, 0, 1])),
        chunk(b"sRGB", b"\0"),
        chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"cHRM", white_and_primaries),
    )
    assert found.cicp == Cicp(12, 13)
    assert found.srgb
    assert found.gamma == 0.45455
    assert found.chromaticities == (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


@pytest.mark.parametrize(
    "content",
    [b"", b"\1\x0d\0", bytes([12, 13, 6, 1])],
    ids=["empty", "short", "a matrix, which RGB has not"],
)
def test_code_points_that_are_none_are_passed_over(content: bytes) -> None:
    assert colours(chunk(b"cICP", content)).cicp is None


def test_colours_after_the_pixels_do_not_count() -> None:
    file = png(4, 4, 8, 2)
    end = file.index(b"IEND") - 4
    assert header(file[:end] + chunk(b"cICP", bytes([12, 13, 0, 1])) + file[end:]).cicp is None


def test_a_gamma_of_zero_is_none() -> None:
    assert colours(chunk(b"gAMA", bytes(4))).gamma is None


@pytest.mark.parametrize(
    ("colour", "depth", "expected"),
    [
        (0, 16, {"grey": True, "deep": True}),
        (3, 8, {"palette": True}),
        (6, 8, {"alpha": True}),
        (2, 8, {"alpha": False}),
    ],
)
def test_a_pngs_samples_are_known(colour: int, depth: int, expected: dict[str, bool]) -> None:
    found = header(png(4, 4, depth, colour))
    assert {name: getattr(found, name) for name in expected} == expected


def test_transparency_without_an_alpha_channel_counts_as_alpha() -> None:
    assert colours(chunk(b"tRNS", bytes(6))).alpha


def test_a_png_of_endless_chunks_is_refused() -> None:
    with pytest.raises(UnreadablePhoto):
        parse(png(4, 4, 8, 2, *[chunk(b"tEXt", b"")] * MAX_CHUNKS))


def test_an_honest_png_has_far_fewer_chunks() -> None:
    megabytes = 25
    assert megabytes * (1 << 20) / 8192 < MAX_CHUNKS / 5


# ----------------------------------------------------------------------- WebP


def test_a_webps_real_size_is_found_although_its_canvas_says_less() -> None:
    file = bytearray(encoded("WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"))
    canvas = file.index(b"VP8X") + 12
    file[canvas : canvas + 6] = bytes(6)
    assert (header(bytes(file)).width, header(bytes(file)).height) == (90, 60)


def test_thirty_four_bytes_can_say_that_they_are_huge() -> None:
    bits = (16_383 | 16_383 << 14).to_bytes(4, "little")
    file = b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<I", 14) + b"\x2f" + bits + bytes(9)
    assert len(file) == 34
    assert header(file).pixels == 16_384**2


def test_an_animated_webp_is_told_from_a_still_one() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    assert (header(file.getvalue()).frames, header(file.getvalue()).still_webp) == (3, False)
    assert header(encoded("WEBP")).still_webp


def test_a_webp_of_endless_chunks_is_refused() -> None:
    with pytest.raises(UnreadablePhoto):
        parse(b"RIFF\0\0\0\0WEBP" + b"JUNK\0\0\0\0" * (MAX_CHUNKS + 1))


# -------------------------------------------------------------- AVIF and HEIC


def test_an_avifs_code_points_are_read() -> None:
    assert header(encoded("AVIF")).cicp == Cicp(1, 13)


def test_a_heic_of_endless_boxes_is_refused() -> None:
    with pytest.raises(UnreadablePhoto):
        parse(b"\0\0\0\x0cftypheic" + b"\0\0\0\x08free" * (isobmff.MAX_PARTS + 1))
