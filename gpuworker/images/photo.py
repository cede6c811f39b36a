"""An encoded photo → upright 8-bit sRGB pixels, checked before and while it is decoded.

The claims of a file are checked from its header first: a 2 KB file can ask for gigabytes. The site
runs this in a process with limits of its own; these checks are what the worker relies on.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pi_heif  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import AvifImagePlugin, ExifTags, Image, ImageFile

from gpuworker.errors import PhotoTooHeavy, PhotoTooLarge, UnreadablePhoto
from gpuworker.images import colour, decode_cost, heif_grid, image_headers
from gpuworker.images.image_headers import Header

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
"""The only parsers that run, whatever the file's name says. JPEG opens phones' MPO files too."""

MAX_PIXELS = 52_000_000
"""Cameras sold as having 50 megapixels write up to 51.4 million pixels."""
MAX_SIDE = 20_000
MAX_FRAMES = 64
"""Most frames of an animation or burst, of which we read the first; thousands are an attack, not a photo."""
MAX_SCANS = 64
"""Progressive JPEGs have about 10; each further one costs a pass over the whole picture."""
MAX_SCANNED_PIXELS = 800_000_000
"""Pixels × scans: an honest 50-megapixel photo has 600 million, and a second of work."""

LEAST_SHARE = 0.45
"""Share of the longer side asked for that does where more would cost too much."""
STRIP_PIXELS = 1 << 20
"""Pixels whose colours are converted at a time."""
SPREAD_CELL = 4
"""Pixels to a side of a cell in which colours are spread under transparency."""

pi_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread of that decoder keeps frames of its own

_TURNS: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels.swapaxes(0, 1)[::-1],
}
"""EXIF orientation → what makes the stored picture upright."""

# Errors that Pillow raises on garbage: the first five were seen when changing bytes in all four formats,
# the others are what its own opener expects of its parsers.
_GARBAGE = (
    OSError,
    SyntaxError,
    ValueError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    TypeError,
    EOFError,
    struct.error,
)


_CONVERTIBLE = ("L", "CMYK", "RGB")
"""Modes that colours can be converted from."""

Source = Image.Image | NDArray[np.uint8]
"""A decoded picture: Pillow's in any mode, or (H, W, 3 or 4) of sRGB's kind."""


@dataclass(frozen=True)
class Photo:
    """One picture, upright.

    pixels: (H, W, 3) uint8, sRGB. Where `alpha` is 0 the colours continue those beside them.
    alpha: (H, W) uint8, 255 is opaque; None when the whole picture is.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None


def read(
    photo: bytes,
    formats: tuple[str, ...] = FORMATS,
    enough: int | None = None,
    budget: decode_cost.Cost | None = None,
) -> Photo:
    """Decode the first frame of a photo in one of `formats`.

    enough: pixels of the longer side that suffice; a larger picture is halved while three quarters of them are
    left, or while it has more pixels than one and a half squares of that side.
    budget: most that decoding may cost, by what the header says. LEAST_SHARE of `enough` does where more
    would cost more.

    Raises PhotoTooLarge and PhotoTooHeavy (from the header alone) and UnreadablePhoto (another format, garbage,
    or a file that ends too early).
    """
    with warnings.catch_warnings():
        # Odd metadata is no reason to refuse a photo; a declared bomb is.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        header = _checked(photo)
        factor = _affordable_factor(header, enough, budget)
        try:
            return _photo(photo, formats, header, factor)
        except _GARBAGE as error:
            raise UnreadablePhoto from error


def _photo(photo: bytes, formats: tuple[str, ...], header: Header, factor: int) -> Photo:
    """Upright sRGB pixels and alpha. Arrays as large as the picture are released as soon as they can be."""
    source, profile, exif = _source(photo, formats, header, factor)
    source, alpha = _parted(source)
    pixels = _srgb(source, header, profile)
    del source
    turn = _turn(exif)
    pixels, alpha = turn(pixels), None if alpha is None else turn(alpha)
    return Photo(pixels if alpha is None else _beyond_the_edge(pixels, alpha), alpha)


def _source(photo: bytes, formats: tuple[str, ...], header: Header, factor: int) -> tuple[Source, Any, Any]:
    """The picture as stored (HEIC: upright), its ICC profile, and the EXIF data that may turn it."""
    if header.still_webp and "WEBP" in formats:
        return _webp(photo, factor), header.profile, header.exif
    image = _opened(photo, formats)
    if image.width * image.height > header.pixels:
        raise UnreadablePhoto  # its decoder sees more than was checked
    source = _decoded(image, photo, header, factor)
    # pi_heif has taken the orientation out of a HEIC file's EXIF data: the file's own boxes have turned the picture.
    return source, image.info.get("icc_profile"), image.info.get("exif")


def _checked(photo: bytes) -> Header:
    """The header, within bounds that hold for every photo."""
    header = image_headers.parse(photo)
    if header is None or not header.pixels:
        raise UnreadablePhoto
    _demand_size(header.width, header.height)
    if header.coded_pixels > 2 * MAX_PIXELS:
        raise PhotoTooLarge
    if header.scans > MAX_SCANS or header.scans * header.pixels > MAX_SCANNED_PIXELS:
        raise PhotoTooHeavy
    return header


def _demand_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PhotoTooLarge
    if max(width, height) > MAX_SIDE:
        raise PhotoTooLarge(f"This picture is too large: its sides may have at most {MAX_SIDE:,} pixels.")


def _factor(size: tuple[int, int], enough: int | None) -> int:
    """The least power of two, at most 8, that leaves what is asked for (read) and not much more."""
    factor = 1
    while enough and factor < 8:
        longest, pixels = max(size) / (2 * factor), size[0] * size[1] / factor**2
        if longest < 0.75 * enough and pixels <= 1.5 * enough**2:
            break
        factor *= 2
    return factor


def _affordable_factor(header: Header, enough: int | None, budget: decode_cost.Cost | None) -> int:
    """That of _factor, or a larger one where only that is within the budget. Raises PhotoTooHeavy."""
    factor = _factor((header.width, header.height), enough)
    while budget and not decode_cost.of(header, factor).within(budget):
        if not enough or factor == 8 or max(header.width, header.height) / (2 * factor) < LEAST_SHARE * enough:
            raise PhotoTooHeavy
        factor *= 2
    return factor


def _opened(photo: bytes, formats: tuple[str, ...]) -> ImageFile.ImageFile:
    """The file with its header read and nothing decoded."""
    try:
        image = Image.open(io.BytesIO(photo), formats=formats)
        frames = int(getattr(image, "n_frames", 1))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PhotoTooLarge from error
    except _GARBAGE as error:
        raise UnreadablePhoto from error
    _demand_size(*image.size)
    if frames > MAX_FRAMES and image.format != "HEIF":  # there they are pictures beside the one that is shown
        raise UnreadablePhoto("This file is an animation. Please use a photo.")
    return image


def _decoded(image: ImageFile.ImageFile, photo: bytes, header: Header, factor: int) -> Source:
    """The picture as stored (HEIC: upright), its sides divided by about `factor`, in any mode."""
    if header.grid and not header.grid.tile_width % factor and not header.grid.tile_height % factor:
        return heif_grid.decode(photo, header.grid, factor)
    whole = image.size
    if factor > 1:
        image.draft(None, (image.width // factor, image.height // factor))
    drafted = image.size != whole
    image.load()
    if factor == 1 or drafted:
        return image
    return _without_palette(_eight_bit(image)).reduce(factor)


def _without_palette(image: Image.Image) -> Image.Image:
    """The picture in a mode whose values can be averaged."""
    if image.mode == "1":
        return image.convert("L")
    if image.mode != "P" and "transparency" not in image.info:
        return image
    return image.convert(_with_alpha(image) if image.has_transparency_data else "RGB")


def _webp(photo: bytes, factor: int) -> NDArray[np.uint8]:
    """A still WebP as (H, W, 3 or 4), without an animation's canvases beside it, which take thrice the memory."""
    try:
        data = np.frombuffer(photo, np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise UnreadablePhoto from error
    if pixels is None or pixels.ndim != 3:
        raise UnreadablePhoto
    if factor > 1:
        size = (pixels.shape[1] // factor, pixels.shape[0] // factor)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    order = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(pixels, order, dst=pixels).astype(np.uint8, copy=False)


def _parted(source: Source) -> tuple[Source, NDArray[np.uint8] | None]:
    """Colours in a mode that can be converted, and alpha where it is of use."""
    if isinstance(source, np.ndarray):
        if source.shape[2] == 3:
            return source, None
        alpha = np.ascontiguousarray(source[..., 3])
        return np.ascontiguousarray(source[..., :3]), alpha if alpha.min() < 255 else None
    image = _eight_bit(source)
    if not image.has_transparency_data:
        return image if image.mode in (*_CONVERTIBLE, "RGBA") else image.convert("RGB"), None
    if image.mode != _with_alpha(image):
        image = image.convert(_with_alpha(image))
    alpha = np.asarray(image.getchannel("A"))
    # Greys stay greys: their profile would not fit colours.
    return image.getchannel("L") if image.mode == "LA" else image, alpha if alpha.min() < 255 else None


def _with_alpha(image: Image.Image) -> str:
    return "LA" if image.mode in ("1", "L", "LA") else "RGBA"


def _srgb(source: Source, header: Header, profile: Any) -> NDArray[np.uint8]:
    """(H, W, 3) uint8; made of strips, so that nothing else of the picture's size is needed. An array is changed."""
    height, width = source.shape[:2] if isinstance(source, np.ndarray) else (source.height, source.width)
    strip = max(1, STRIP_PIXELS // width)

    def part(top: int) -> Image.Image:
        bottom = min(top + strip, height)
        if isinstance(source, np.ndarray):
            return Image.fromarray(source[top:bottom])
        return _convertible(source.crop((0, top, width, bottom)))

    convert = colour.converter(_convertible(_overview(source)), header, profile)
    if convert is None and isinstance(source, np.ndarray):
        return source
    pixels = source if isinstance(source, np.ndarray) else np.empty((height, width, 3), np.uint8)
    for top in range(0, height, strip):
        converted = convert(part(top)) if convert else part(top).convert("RGB")
        pixels[top : top + strip] = np.asarray(converted)
    return pixels


def _convertible(image: Image.Image) -> Image.Image:
    """The picture without alpha, in a mode that can be converted."""
    return image if image.mode in _CONVERTIBLE else image.convert("RGB")


def _overview(source: Source) -> Image.Image:
    """A picture of about 512 pixels, in the same mode."""
    if isinstance(source, np.ndarray):
        step = max(1, max(source.shape) // 512)
        return Image.fromarray(np.ascontiguousarray(source[::step, ::step]))
    step = max(1, max(source.size) // 512)
    size = (max(1, source.width // step), max(1, source.height // step))
    return source.resize(size, Image.Resampling.NEAREST)


def _turn(exif: Any) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """Function that makes a picture upright, by its EXIF orientation; garbage there means that it stays as it is.

    Not ImageOps.exif_transpose: it writes the other tags anew and fails on what they hold. Not Image.getexif:
    it looks in XMP too, which no browser does.
    """
    orientation: Any = None
    if exif:
        data = Image.Exif()
        with suppress(*_GARBAGE):
            data.load(exif)
            orientation = data.get(ExifTags.Base.Orientation)
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return (lambda pixels: np.ascontiguousarray(turn(pixels))) if turn else (lambda pixels: pixels)


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit greys scaled to 8 bits, where Pillow's own conversion would clip them."""
    if not image.mode.startswith("I"):
        return image
    grey = np.empty((image.height, image.width), np.uint8)
    strip = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, strip):
        rows = np.asarray(image.crop((0, top, image.width, min(top + strip, image.height))))
        grey[top : top + strip] = (rows.clip(0, 65535).astype(np.uint32) + 128) // 257
    return Image.fromarray(grey)


def _beyond_the_edge(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Invisible pixels take the colour of the visible ones near them, and white far away; `pixels` itself is changed.

    The colour that a file keeps under alpha 0 is arbitrary (mostly black); resizing would bleed it into the
    edge as a dark fringe, and an engine without alpha would show it. Spread on a small copy, which
    keeps a 50-megapixel picture within memory.
    """
    height, width = alpha.shape
    visible = (alpha > 0).astype(np.uint8)
    size = (max(1, width // SPREAD_CELL), max(1, height // SPREAD_CELL))
    share = cv2.resize(visible * np.uint8(255), size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    shown = cv2.bitwise_and(pixels, pixels, mask=visible)
    tint = cv2.resize(shown, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    del shown
    near = cv2.blur(share, (9, 9))[..., None]
    spread = np.where(near > 0.01, cv2.blur(tint, (9, 9)) / np.maximum(near, 0.01), 255).clip(0, 255)
    beyond = cv2.resize(np.round(spread).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    np.copyto(pixels, beyond, where=visible[..., None] == 0)
    return pixels
