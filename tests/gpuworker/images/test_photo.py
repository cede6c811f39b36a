"""Reading uploads: colours right, orientation right, hostile files refused from their headers."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from gpuworker.errors import PhotoTooHeavy, PhotoTooLarge, UnreadablePhoto
from gpuworker.images import image_headers, photo
from tests.gpuworker import heic

LOSSY = [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95}), ("AVIF", {"quality": 95, "speed": 10})]
LOSSLESS = [("PNG", {}), ("WEBP", {"lossless": True})]


def encoded(image: Image.Image, name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.fixture(scope="session")
def pixels(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(120, 90, 3) uint8: sides differ, no symmetry."""
    return np.ascontiguousarray(astronaut[60:180, 170:260])


@pytest.fixture(scope="session")
def image(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels)


# ------------------------------------------------------------- formats, modes


@pytest.mark.parametrize(("name", "options"), LOSSLESS)
def test_lossless_formats_keep_every_pixel(
    image: Image.Image, pixels: NDArray[np.uint8], name: str, options: dict[str, Any]
) -> None:
    read = photo.read(encoded(image, name, **options))
    assert read.alpha is None
    np.testing.assert_array_equal(read.pixels, pixels)


@pytest.mark.parametrize(("name", "options"), LOSSY)
def test_lossy_formats_keep_the_picture(
    image: Image.Image, pixels: NDArray[np.uint8], name: str, options: dict[str, Any]
) -> None:
    assert distance(photo.read(encoded(image, name, **options)).pixels, pixels) < 5


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "CMYK", "RGBA"])
def test_every_mode_becomes_rgb(image: Image.Image, pixels: NDArray[np.uint8], mode: str) -> None:
    name = "JPEG" if mode == "CMYK" else "PNG"
    read = photo.read(encoded(image.convert(mode), name))
    expected = np.asarray(image.convert(mode).convert("RGB"))
    assert read.pixels.shape == pixels.shape
    assert read.pixels.dtype == np.uint8
    assert read.alpha is None
    assert distance(read.pixels, expected) < (4 if mode == "CMYK" else 0.1)


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG from raw rows; without rows it is a header that nothing follows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(rows)) if rows else b""
    return b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")


@pytest.mark.parametrize("colour", [0, 2], ids=["grey", "rgb"])
def test_sixteen_bits_are_scaled_not_clipped(pixels: NDArray[np.uint8], colour: int) -> None:
    shown = pixels if colour == 2 else np.repeat(pixels[:, :, :1], 3, axis=2)
    wide = (pixels if colour == 2 else pixels[:, :, :1]).astype(">u2") * 257
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide)
    read = photo.read(png(pixels.shape[1], pixels.shape[0], 16, colour, rows))
    np.testing.assert_array_equal(read.pixels, shown)


@pytest.mark.parametrize("name", ["GIF", "TIFF", "BMP", "PPM", "ICO", "PDF", "EPS", "JPEG2000"])
def test_formats_that_are_not_allowed_are_refused_whatever_they_are_called(image: Image.Image, name: str) -> None:
    with pytest.raises(UnreadablePhoto):
        photo.read(encoded(image, name))


@pytest.mark.parametrize("file", [b"", b"\xff\xd8\xff", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"PK\3\4" * 99])
def test_what_is_no_picture_is_refused(file: bytes) -> None:
    with pytest.raises(UnreadablePhoto):
        photo.read(file)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(("name", "options"), [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("AVIF", {"speed": 10})])
def test_a_file_that_ends_too_early_is_refused(
    image: Image.Image, name: str, options: dict[str, Any], share: float
) -> None:
    whole = encoded(image, name, **options)
    with pytest.raises(UnreadablePhoto):
        photo.read(whole[: int(len(whole) * share)])


@pytest.mark.parametrize(("name", "options"), [*LOSSY, *LOSSLESS])
def test_flipped_bits_are_refused_or_read_but_never_crash(
    image: Image.Image, name: str, options: dict[str, Any]
) -> None:
    whole = encoded(image, name, exif=_exif(6), **options)
    random = np.random.default_rng(7)
    for _ in range(100):
        broken = bytearray(whole)
        for at in random.integers(0, min(len(whole), 800), 6):
            broken[at] ^= 1 << int(random.integers(8))
        with contextlib.suppress(UnreadablePhoto, PhotoTooLarge):
            photo.read(bytes(broken))


# ---------------------------------------------------------------- orientation


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


_STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}
"""How a camera stores an upright picture under each EXIF orientation."""


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("name", "options"), LOSSLESS)
def test_every_orientation_gives_the_same_upright_pixels(
    pixels: NDArray[np.uint8], orientation: int, name: str, options: dict[str, Any]
) -> None:
    stored = Image.fromarray(np.ascontiguousarray(_STORED[orientation](pixels)))
    read = photo.read(encoded(stored, name, exif=_exif(orientation), **options))
    np.testing.assert_array_equal(read.pixels, pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "AVIF"])
def test_lossy_pictures_are_turned_once(pixels: NDArray[np.uint8], orientation: int, name: str) -> None:
    """AVIF says it twice, in its own boxes and in EXIF."""
    stored = Image.fromarray(np.ascontiguousarray(_STORED[orientation](pixels)))
    read = photo.read(encoded(stored, name, exif=_exif(orientation), quality=95))
    assert distance(read.pixels, pixels) < 6


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_heic_is_turned_by_its_boxes_and_not_by_its_exif(turns: int) -> None:
    file = heic.ASTRONAUT.read_bytes()
    irot = file.index(b"irot") + 4
    assert file[irot] == 3
    assert b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in file  # EXIF says the same
    upright = photo.read(file).pixels
    turned = photo.read(file[:irot] + bytes([turns]) + file[irot + 1 :]).pixels
    np.testing.assert_array_equal(turned, np.rot90(upright, turns - 3))


XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_an_orientation_in_xmp_does_not_count_as_in_no_browser(pixels: NDArray[np.uint8], name: str) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    options = {"pnginfo": text} if name == "PNG" else {"xmp": XMP}
    assert photo.read(encoded(Image.fromarray(pixels), name, **options)).pixels.shape == pixels.shape


def test_garbled_exif_leaves_the_picture_as_it_is(image: Image.Image, pixels: NDArray[np.uint8]) -> None:
    read = photo.read(encoded(image, "PNG", exif=b"Exif\0\0nonsense" + b"\x99" * 40))
    np.testing.assert_array_equal(read.pixels, pixels)


def test_the_orientation_counts_although_other_tags_are_garbled(pixels: NDArray[np.uint8]) -> None:
    exif = _exif(6)
    exif[0x011A] = 72.0
    garbled = exif.tobytes().replace(b"\x01\x1a\x00\x05", b"\x01\x1a\x00\x02")
    assert garbled != exif.tobytes()
    stored = Image.fromarray(np.ascontiguousarray(_STORED[6](pixels)))
    np.testing.assert_array_equal(photo.read(encoded(stored, "PNG", exif=garbled)).pixels, pixels)


# -------------------------------------------------------------------- colours


def icc_profile(primaries: NDArray[np.float64], space: bytes = b"RGB ") -> bytes:
    """A minimal ICC display profile: linear-light XYZ (D50) columns of red, green, blue, and gamma 2.2."""

    def s15(values: Any) -> bytes:
        return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(2.2 * 256))
    tags = {b"wtpt": b"XYZ \0\0\0\0" + s15([0.9642, 1, 0.8249])}
    for letter, column in zip(b"rgb", primaries.T, strict=True):
        tags[bytes([letter]) + b"XYZ"] = b"XYZ \0\0\0\0" + s15(column)
        tags[bytes([letter]) + b"TRC"] = curve
    table, body = b"", b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data
    rest = struct.pack(">I", len(tags)) + table + body
    header = struct.pack(">I4sI4s4s4s", 128 + len(rest), b"test", 0x04200000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + s15([0.9642, 1, 0.8249])
    return header.ljust(128, b"\0") + rest


DISPLAY_P3 = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7142]])


def test_wide_colours_are_converted_to_srgb() -> None:
    colour = np.array([180, 120, 90])
    linear = np.linalg.solve(SRGB, DISPLAY_P3 @ (colour / 255) ** 2.2)
    encoding = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    flat = Image.new("RGB", (8, 8), tuple(colour.tolist()))
    read = photo.read(encoded(flat, "PNG", icc_profile=icc_profile(DISPLAY_P3)))
    np.testing.assert_allclose(read.pixels[4, 4], encoding * 255, atol=1.5)
    assert np.abs(read.pixels[4, 4] - colour).max() > 5


def test_a_profile_is_kept_when_the_picture_is_transparent() -> None:
    flat = Image.new("RGBA", (8, 8), (180, 120, 90, 128))
    read = photo.read(encoded(flat, "PNG", icc_profile=icc_profile(DISPLAY_P3)))
    assert read.pixels[4, 4, 0] > 185
    assert read.alpha is not None
    assert (read.alpha == 128).all()


@pytest.mark.parametrize(
    "profile",
    [b"garbage", bytes(300_000), icc_profile(DISPLAY_P3)[:200], icc_profile(DISPLAY_P3, b"CMYK")],
    ids=["text", "zeros", "cut", "for ink"],
)
def test_a_garbled_or_foreign_profile_is_ignored(image: Image.Image, pixels: NDArray[np.uint8], profile: bytes) -> None:
    np.testing.assert_array_equal(photo.read(encoded(image, "PNG", icc_profile=profile)).pixels, pixels)


# --------------------------------------------------------------- transparency


@pytest.mark.parametrize(("name", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_transparency_is_kept_beside_the_colours(pixels: NDArray[np.uint8], name: str, options: dict[str, Any]) -> None:
    alpha = np.zeros(pixels.shape[:2], np.uint8)
    alpha[20:100, 20:70] = 200
    read = photo.read(encoded(Image.fromarray(np.dstack([pixels, alpha])), name, **options))
    assert read.alpha is not None
    np.testing.assert_array_equal(read.alpha, alpha)
    np.testing.assert_array_equal(read.pixels[20:100, 20:70], pixels[20:100, 20:70])


def test_a_transparent_palette_entry_counts(image: Image.Image) -> None:
    palette = image.quantize(200)
    index = np.asarray(palette)
    read = photo.read(encoded(palette, "PNG", transparency=int(index[0, 0])))
    assert read.alpha is not None
    np.testing.assert_array_equal(read.alpha == 0, index == index[0, 0])


def test_colours_hidden_under_transparency_do_not_show() -> None:
    pixels = np.full((80, 80, 4), (0, 255, 0, 0), np.uint8)
    pixels[20:60, 20:60] = (200, 50, 50, 255)
    read = photo.read(encoded(Image.fromarray(pixels), "PNG"))
    assert read.pixels[..., 1].min() >= 50
    assert not (read.pixels == (0, 255, 0)).all(axis=2).any()
    np.testing.assert_allclose(read.pixels[18, 40], (200, 50, 50), atol=25)


# ------------------------------------------------------------- hostile headers


@pytest.mark.parametrize(
    ("width", "height"),
    [(10_000, 5_201), (12_000, 12_000), (20_000, 20_000), (60_000, 1), (1, 20_001)],
)
def test_too_many_pixels_are_refused_from_the_header(width: int, height: int) -> None:
    with pytest.raises(PhotoTooLarge):
        photo.read(png(width, height, 1, 0, b""))


def test_an_avif_that_claims_to_be_large_is_refused_from_its_header(image: Image.Image) -> None:
    file = encoded(image, "AVIF", speed=10)
    size = b"ispe" + bytes(4) + struct.pack(">II", *image.size)
    assert size in file
    with pytest.raises(PhotoTooLarge):
        photo.read(file.replace(size, b"ispe" + bytes(4) + struct.pack(">II", 9_000, 9_000)))


def test_text_that_inflates_to_megabytes_is_refused(image: Image.Image) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "a" * 20_000_000, zip=True)
    file = encoded(image, "PNG", pnginfo=text)
    assert len(file) < 100_000
    with pytest.raises(UnreadablePhoto):
        photo.read(file)


@pytest.mark.parametrize("name", ["WEBP", "PNG", "MPO"])
def test_of_several_frames_the_first_is_read(image: Image.Image, pixels: NDArray[np.uint8], name: str) -> None:
    later = [Image.new("RGB", image.size, colour) for colour in ("red", "blue")]
    options = {"lossless": True} if name == "WEBP" else {}
    file = encoded(image, name, save_all=True, append_images=later, **options)
    assert distance(photo.read(file).pixels, pixels) < 6


@pytest.mark.parametrize("name", ["WEBP", "PNG"])
def test_an_animation_of_many_frames_is_refused(name: str) -> None:
    frames = [Image.new("RGB", (8, 8), ("red", "blue")[i % 2]) for i in range(photo.MAX_FRAMES + 1)]
    file = encoded(frames[0], name, save_all=True, append_images=frames[1:])
    with pytest.raises(UnreadablePhoto, match="animation"):
        photo.read(file)


def _with_scans(jpeg: bytes, extra: int) -> bytes:
    """The same JPEG with its last scan repeated."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * extra + jpeg[-2:]


def test_a_jpeg_of_many_scans_is_refused(image: Image.Image, pixels: NDArray[np.uint8]) -> None:
    progressive = encoded(image, "JPEG", progressive=True, quality=95)
    scans = image_headers.scan_count(progressive)
    assert 5 < scans < 20
    allowed = _with_scans(progressive, photo.MAX_SCANS - scans)
    assert image_headers.scan_count(allowed) == photo.MAX_SCANS
    assert distance(photo.read(allowed).pixels, pixels) < 6
    with pytest.raises(PhotoTooHeavy):
        photo.read(_with_scans(progressive, photo.MAX_SCANS - scans + 1))


def test_scans_and_pixels_count_together(image: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    progressive = encoded(image, "JPEG", progressive=True)
    work = image_headers.scan_count(progressive) * image.width * image.height
    monkeypatch.setattr(photo, "MAX_SCANNED_PIXELS", work)
    photo.read(progressive)
    monkeypatch.setattr(photo, "MAX_SCANNED_PIXELS", work - 1)
    with pytest.raises(PhotoTooHeavy):
        photo.read(progressive)


def test_scan_markers_inside_metadata_do_not_count(image: Image.Image) -> None:
    file = encoded(image, "JPEG", comment=b"\xff\xda\x00\x04" * 500)
    assert image_headers.scan_count(file) == 1
    photo.read(file)


def test_what_follows_the_picture_is_ignored(image: Image.Image, pixels: NDArray[np.uint8]) -> None:
    assert distance(photo.read(encoded(image, "JPEG", quality=95) + b"PK\3\4<script>" * 999).pixels, pixels) < 5


@pytest.mark.parametrize(
    ("size", "factor"), [((4096, 3072), 1), ((5712, 4284), 1), ((6000, 6000), 2), ((8064, 6048), 2)]
)
@pytest.mark.parametrize("turned", [False, True])
def test_no_more_is_decoded_than_is_asked_for(size: tuple[int, int], factor: int, turned: bool) -> None:
    assert photo._factor(size[::-1] if turned else size, 4096) == factor
    assert photo._factor(size, None) == 1


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA", "I;16", "CMYK"])
def test_every_mode_can_be_reduced(image: Image.Image, mode: str) -> None:
    grey = image.convert("L")
    picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    file = encoded(picture.resize((1440, 1920)), "JPEG" if mode == "CMYK" else "PNG")
    read = photo.read(file, enough=300).pixels
    assert read.shape == (240, 180, 3)
    shown = np.asarray(
        image.resize((180, 240)).convert("RGB" if mode in ("RGB", "RGBA", "P", "CMYK") else "L").convert("RGB")
    )
    if mode != "1":
        assert distance(read, shown) < (20 if mode == "P" else 6)


@pytest.mark.parametrize("options", [{}, {"lossless": True}])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_still_webp_is_read_as_pillow_reads_it(image: Image.Image, options: dict[str, Any], alpha: bool) -> None:
    picture = image.copy()
    if alpha:
        picture.putalpha(image.convert("L"))
    file = encoded(picture, "WEBP", **options)
    shown = np.asarray(Image.open(io.BytesIO(file)))
    read = photo.read(file)
    assert (read.alpha is not None) == alpha
    visible = shown[..., 3] > 0 if alpha else np.full(shown.shape[:2], True)
    np.testing.assert_array_equal(read.pixels[visible], shown[..., :3][visible])


def test_what_a_decoder_sees_beyond_the_header_is_refused(image: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    file = encoded(image, "PNG")
    small = replace(image_headers.parse(file), width=10, height=10)
    monkeypatch.setattr(image_headers, "parse", lambda _: small)
    with pytest.raises(UnreadablePhoto):
        photo.read(file)
