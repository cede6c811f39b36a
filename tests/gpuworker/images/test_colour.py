"""Colours as files mean them. The expected values of code points are what Chromium 156 shows, unless said otherwise."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from gpuworker.images import colour, photo
from tests.gpuworker.heic import ASTRONAUT
from tests.gpuworker.images.test_photo import DISPLAY_P3, icc_profile
from tests.portraits.uploads.files import chunk

Pixels = NDArray[np.uint8]

COLOURS = [[16] * 3, [64] * 3, [128] * 3, [200] * 3, [235] * 3, [200, 60, 60], [60, 200, 60], [60, 60, 200]]
P3 = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


def png(*chunks: bytes, pixels: Any = COLOURS) -> bytes:
    rows = np.array([pixels], np.uint8)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", rows.shape[1], 1, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" + rows.tobytes()))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + data + chunk(b"IEND", b"")


def cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, matrix, full]))


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(*values: float) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))


def shown(file: bytes) -> list[list[int]]:
    return photo.read(file).pixels[0].tolist()  # type: ignore[no-any-return]


SAME = COLOURS
GREY_2_4 = [[4] * 3, [54] * 3, [121] * 3, [197] * 3, [234] * 3]
GREY_SAME = COLOURS[:5]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([cicp(1, 13)], SAME),
        ([cicp(2, 2)], SAME),
        ([cicp(1, 2)], SAME),
        ([cicp(1, 1)], [*GREY_2_4, [197, 49, 49], [49, 197, 49], [49, 49, 197]]),
        ([cicp(9, 14)], [*GREY_2_4, [244, 0, 40], [0, 208, 0], [0, 45, 207]]),
        ([cicp(6, 6)], [*GREY_2_4, [192, 57, 49], [68, 194, 47], [54, 56, 198]]),
        ([cicp(12, 13)], [*GREY_SAME, [217, 42, 52], [0, 203, 11], [60, 60, 208]]),
        ([cicp(9, 13)], [*GREY_SAME, [247, 0, 53], [0, 211, 0], [19, 57, 209]]),
        ([cicp(11, 13)], [*GREY_SAME, [212, 42, 53], [0, 204, 11], [59, 59, 208]]),
        ([cicp(5, 13)], [*GREY_SAME, [204, 60, 60], [40, 200, 64], [60, 60, 199]]),
        ([cicp(22, 13)], [*GREY_SAME, [202, 67, 59], [49, 196, 59], [60, 71, 200]]),
        ([cicp(1, 8)], [[71] * 3, [137] * 3, [188] * 3, [229] * 3, [246] * 3, [229, 133, 133], [133, 229, 133]]),
        ([cicp(1, 4)], [[7] * 3, [62] * 3, [129] * 3, [201] * 3, [236] * 3, [201, 57, 57], [57, 201, 57]]),
        ([cicp(1, 5)], [[1] * 3, [40] * 3, [106] * 3, [189] * 3, [231] * 3, [189, 36, 36], [36, 189, 36]]),
        ([cicp(1, 7)], [[34] * 3, [81] * 3, [141] * 3, [206] * 3, [237] * 3, [206, 78, 78], [78, 206, 78]]),
        ([cicp(1, 17)], [[3] * 3, [48] * 3, [118] * 3, [200] * 3, [241] * 3, [200, 44, 44], [44, 200, 44]]),
        ([cicp(1, 9)], SAME),
        ([gama(100_000)], [[71] * 3, [137] * 3, [188] * 3, [229] * 3, [246] * 3]),
        ([gama(45_455)], SAME),
        ([gama(45_455), chrm(*P3)], [[7] * 3, [62] * 3, [129] * 3, [201] * 3, [236] * 3, [219, 37, 49], [0, 205, 0]]),
        ([chrm(*P3)], SAME),
        ([gama(0), chrm(*P3)], SAME),
    ],
    ids=lambda value: None if isinstance(value[0], list) else " ".join(part[4:].hex()[8:24] for part in value),
)
def test_a_png_looks_as_in_a_browser(chunks: list[bytes], expected: list[list[int]]) -> None:
    np.testing.assert_allclose(shown(png(*chunks))[: len(expected)], expected, atol=2)


def test_a_narrow_range_is_widened() -> None:
    """The specification demands it; Chromium passes the flag over."""
    assert shown(png(cicp(1, 13, full=0), pixels=[[16] * 3, [235] * 3, [126] * 3])) == [[0] * 3, [255] * 3, [128] * 3]


def test_code_points_come_before_the_profile_and_that_before_srgb_and_gamma() -> None:
    p3, linear = iccp(icc_profile(DISPLAY_P3)), gama(100_000)
    srgb = chunk(b"sRGB", b"\0")
    assert shown(png(cicp(1, 13), p3, linear)) == SAME
    assert shown(png(p3, srgb, linear)) == shown(png(p3)) != SAME
    assert shown(png(srgb, linear, chrm(*P3))) == SAME


@pytest.mark.parametrize("code_points", [(2, 2), (12, 2), (2, 13), (1, 3)])
def test_unspecified_code_points_leave_the_word_to_profile_and_gamma(code_points: tuple[int, int]) -> None:
    p3, linear = iccp(icc_profile(DISPLAY_P3)), gama(100_000)
    assert shown(png(cicp(*code_points), p3)) == shown(png(p3)) != SAME
    assert shown(png(cicp(*code_points), linear)) == shown(png(linear)) != SAME


def grey_profile() -> bytes:
    """An ICC profile of greys in linear light."""
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, 256)
    places = struct.pack(">4sII4sII", b"wtpt", 156, len(white), b"kTRC", 156 + len(white), len(curve))
    rest = struct.pack(">I", 2) + places + white + curve
    header = struct.pack(">I4sI4s4s4s", 128 + len(rest), b"test", 0x04200000, b"mntr", b"GRAY", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + white[8:]
    return header.ljust(128, b"\0") + rest


def grey(mode: str, profile: bytes, **options: Any) -> NDArray[np.uint8]:
    """Pixels of a PNG of the level 55, one of them transparent where the mode or the options say so."""
    picture = Image.new("L", (64, 64), 55)
    picture.putpixel((0, 0), 0)
    picture = picture.convert(mode)
    if mode == "LA":
        picture.putpixel((0, 0), (0, 0))
    file = io.BytesIO()
    picture.save(file, "PNG", icc_profile=profile, **options)
    read = photo.read(file.getvalue(), enough=20 if options.get("optimize") else None)
    assert (read.alpha is None) == (mode == "L" and "transparency" not in options)
    return read.pixels[-1, -1]


@pytest.mark.parametrize("profile", [grey_profile(), icc_profile(DISPLAY_P3)], ids=["of greys", "of colours"])
@pytest.mark.parametrize("optimize", [False, True], ids=["whole", "reduced"])
def test_greys_with_alpha_are_converted_as_those_without(profile: bytes, optimize: bool) -> None:
    plain = grey("L", profile, optimize=optimize)
    assert plain.tolist() != [55] * 3
    assert grey("LA", profile, optimize=optimize).tolist() == plain.tolist()
    assert grey("L", profile, transparency=0, optimize=optimize).tolist() == plain.tolist()


def test_a_garbled_profile_leaves_the_word_to_gamma() -> None:
    assert shown(png(iccp(b"garbage"), gama(100_000))) == shown(png(gama(100_000)))


@pytest.mark.parametrize("values", [(0.0,) * 8, (0.3, 0.3) * 4], ids=["zeros", "on one point"])
def test_primaries_that_mean_nothing_are_passed_over(values: tuple[float, ...]) -> None:
    assert len(shown(png(gama(45_455), chrm(*values)))) == 8


# ------------------------------------------------------------------------ HDR


def pq(nits: float) -> float:
    power = (nits / 10_000) ** (2610 / 16384)
    return float(((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32))


def linear(level: int) -> float:
    value = level / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def hlg(light: float) -> float:
    scene = light * 0.26496256
    a = 0.17883277
    return (
        (3 * scene) ** 0.5 if scene <= 1 / 12 else float(a * np.log(12 * scene - (1 - 4 * a)) + 0.5 - a * np.log(4 * a))
    )


LEVELS = [20, 64, 128, 200, 235, 255]


def coded(transfer: int, levels: list[int]) -> list[list[int]]:
    """SDR levels as HDR says them, diffuse white at 203 cd/m²."""
    signals = [pq(203 * linear(level)) if transfer == 16 else hlg(linear(level)) for level in levels]
    return [[round(255 * signal)] * 3 for signal in signals]


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
@pytest.mark.parametrize("primaries", [1, 9, 12])
def test_hdr_that_is_no_brighter_than_white_is_what_it_was(transfer: int, primaries: int) -> None:
    levels = np.array(shown(png(cicp(primaries, transfer), pixels=coded(transfer, LEVELS))))
    np.testing.assert_allclose(levels, np.repeat(np.array(LEVELS)[:, None], 3, axis=1), atol=4)


@pytest.mark.parametrize("nits", [400, 1_000, 4_000])
def test_highlights_are_compressed_in_their_order_and_shadows_are_left_alone(nits: int) -> None:
    scale = [5, 30, 80, 203, 203 + (nits - 203) // 2, nits]
    levels = [row[0] for row in shown(png(cicp(9, 16), pixels=[[round(255 * pq(value))] * 3 for value in scale]))]
    assert levels == sorted(levels)
    assert len(set(levels)) == len(levels)
    assert levels[-1] >= 245
    assert 200 < levels[3] < 250
    plain = [row[0] for row in shown(png(cicp(9, 16), pixels=[[round(255 * pq(value))] * 3 for value in scale[:3]]))]
    assert levels[:3] == plain


def test_a_few_bright_pixels_do_not_darken_the_picture() -> None:
    row = coded(16, [128]) * 1_500 + [[255] * 3]
    assert abs(shown(png(cicp(9, 16), pixels=row))[0][0] - 128) <= 3


def test_an_icc_profile_that_carries_code_points_of_hdr_is_read_by_them() -> None:
    profile = bytearray(icc_profile(DISPLAY_P3))
    count = struct.unpack_from(">I", profile, 128)[0]
    table_end = 132 + 12 * count
    at = len(profile) + 12
    entries = bytearray(profile[132:table_end])
    for n in range(count):
        offset = struct.unpack_from(">I", entries, 12 * n + 4)[0]
        struct.pack_into(">I", entries, 12 * n + 4, offset + 12)
    with_tag = profile[:128] + struct.pack(">I", count + 1) + entries + struct.pack(">4sII", b"cicp", at, 12)
    with_tag += profile[table_end:] + b"cicp" + bytes(4) + bytes([9, 16, 0, 1])
    struct.pack_into(">I", with_tag, 0, len(with_tag))
    file = png(iccp(bytes(with_tag)), pixels=coded(16, LEVELS))
    np.testing.assert_allclose([row[0] for row in shown(file)], LEVELS, atol=4)


# -------------------------------------------------------------- AVIF and HEIC


def avif(**options: Any) -> bytes:
    rows = np.repeat(np.repeat(np.array([COLOURS], np.uint8), 8, axis=0), 8, axis=1)
    file = io.BytesIO()
    Image.fromarray(rows).save(file, "AVIF", quality=100, subsampling="4:4:4", speed=9, **options)
    return file.getvalue()


def with_code_points(file: bytes, *values: int) -> bytes:
    """primaries, transfer, matrix, full range in every colr box of a file."""
    at = file.index(b"nclx") + 4
    return file[:at] + struct.pack(">3HB", *values[:3], values[3] << 7) + file[at + 7 :]


def middle(file: bytes) -> list[list[int]]:
    return photo.read(file).pixels[4, 4::8].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("code_points", "expected"),
    [
        ((1, 13, 6, 1), SAME),
        ((1, 1, 6, 1), SAME),
        ((1, 6, 6, 1), SAME),
        ((2, 2, 6, 1), SAME),
        ((12, 13, 6, 1), [*GREY_SAME, [218, 42, 52], [0, 204, 4], [59, 61, 208]]),
        ((1, 4, 6, 1), [[7] * 3, [62] * 3, [129] * 3, [201] * 3, [236] * 3, [201, 58, 57]]),
        ((1, 8, 6, 1), [[71] * 3, [137] * 3, [188] * 3, [229] * 3, [246] * 3]),
        ((1, 13, 1, 1), [*GREY_SAME, [212, 74, 57], [49, 178, 55], [57, 69, 206]]),
        ((1, 13, 6, 0), [[0] * 3, [56] * 3, [130] * 3, [214] * 3, [255] * 3]),
    ],
    ids=str,
)
def test_an_avif_looks_as_in_a_browser(code_points: tuple[int, ...], expected: list[list[int]]) -> None:
    levels = np.array(middle(with_code_points(avif(), *code_points)))[: len(expected)]
    # Far outside of sRGB, where only rounding decides, a channel may differ more.
    np.testing.assert_allclose(levels, expected, atol=3 if code_points[0] != 12 else 8)


def in_the_stream_alone(file: bytes, primaries: int) -> bytes:
    """An AVIF file whose colr box is gone, and whose coded stream says these primaries."""
    start = file.index(b"mdat") + 4
    bits = "".join(format(byte, "08b") for byte in file[start : start + 32])
    told = bits.replace(format(0x010D06, "024b"), format(primaries << 16 | 0x0D06, "024b"), 1)
    assert told != bits
    stream = int(told, 2).to_bytes(32, "big")
    return file[:start].replace(b"colr", b"skip") + stream + file[start + 32 :]


def test_an_avif_without_a_colour_box_is_read_by_what_its_stream_says() -> None:
    assert middle(in_the_stream_alone(avif(), 12)) == middle(with_code_points(avif(), 12, 13, 6, 1)) != SAME


def test_an_avifs_profile_comes_before_its_code_points() -> None:
    profile = icc_profile(DISPLAY_P3)
    file = with_code_points(avif(icc_profile=profile), 9, 16, 6, 1)
    assert middle(file) == middle(avif(icc_profile=profile)) != SAME


def test_a_garbled_profile_leaves_the_word_to_the_code_points() -> None:
    file = with_code_points(avif(icc_profile=b"garbage" * 30), 12, 13, 6, 1)
    assert middle(file) == middle(with_code_points(avif(), 12, 13, 6, 1))


def test_a_heic_of_display_p3_by_code_points_is_converted() -> None:
    plain = ASTRONAUT.read_bytes()
    wide = photo.read(with_code_points(plain, 12, 13, 6, 1)).pixels.astype(int)
    converted = Image.fromarray(photo.read(plain).pixels)
    expected = colour._by_code_points(converted, colour.Cicp(12, 13), strict=False)
    assert expected is not None
    np.testing.assert_array_equal(wide, np.asarray(expected(converted)))
    assert np.abs(wide - np.asarray(converted)).mean() > 2


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_a_heic_of_hdr_is_no_longer_grey(transfer: int) -> None:
    plain = ASTRONAUT.read_bytes()
    grey, shown = photo.read(plain).pixels, photo.read(with_code_points(plain, 9, transfer, 6, 1)).pixels
    assert shown.std() > 1.15 * grey.std()


# ------------------------------------------------------------------------- ICC


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "PNG"])
def test_a_profile_counts_in_every_container(kind: str) -> None:
    flat = Image.new("RGB", (64, 64), (200, 60, 60))
    file = io.BytesIO()
    flat.save(file, kind, quality=100, icc_profile=icc_profile(DISPLAY_P3))
    red = photo.read(file.getvalue()).pixels[32, 32]
    np.testing.assert_allclose(red, [219, 37, 49], atol=6)


def test_strips_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    Image.effect_noise((301, 200), 60).convert("RGB").save(file, "PNG", icc_profile=icc_profile(DISPLAY_P3))
    whole = photo.read(file.getvalue()).pixels
    monkeypatch.setattr(photo, "STRIP_PIXELS", 1_000)
    np.testing.assert_array_equal(photo.read(file.getvalue()).pixels, whole)


def test_srgb_itself_costs_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert shown(png(iccp(profile))) == SAME
