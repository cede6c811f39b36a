"""An encoded photo → upright 8-bit sRGB pixels, checked before and while it is decoded.

What a file claims is checked from its header first: a 2 KB file can ask for gigabytes. The site
runs this in a process with limits of its own; these checks are what the worker relies on.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageFile, features

from gpuworker.errors import PhotoTooLarge, UnreadablePhoto

FORMATS = ("JPEG", "PNG", "WEBP", *(("AVIF",) if features.check("avif") else ()))
"""The only parsers that run, whatever the file's name says. JPEG opens phones' MPO files too."""

MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
MAX_FRAMES = 64
"""Of an animation or burst we read the first frame; thousands of them are an attack, not a photo."""
MAX_SCANS = 64
"""Progressive JPEGs have about 10; each further one costs a pass over the whole picture."""
MAX_SCANNED_PIXELS = 800_000_000
"""Pixels × scans: an honest 50-megapixel photo has 600 million, and a second of work."""

SPREAD_CELL = 4
"""Pixels to a side of a cell in which colours are spread under transparency."""

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_JPEG_ALONE = frozenset((0x01, 0xD8))  # TEM and SOI: no length follows
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation → what makes the stored picture upright."""

# What Pillow raises on garbage: the first five were seen when changing bytes in all four formats,
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


@dataclass(frozen=True)
class Photo:
    """One picture, upright.

    pixels: (H, W, 3) uint8, sRGB. Where `alpha` is 0 the colours continue those beside them.
    alpha: (H, W) uint8, 255 is opaque; None when the whole picture is.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None


def read(photo: bytes, formats: tuple[str, ...] = FORMATS) -> Photo:
    """Decode the first frame of a JPEG, PNG, WebP or AVIF, or of what else `formats` names.

    Raises PhotoTooLarge (from the header alone) and UnreadablePhoto (another format, garbage,
    or a file that ends too early).
    """
    with warnings.catch_warnings():
        # Odd metadata is no reason to refuse a photo; a declared bomb is.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image = _opened(photo, formats)
        try:
            image.load()
        except _GARBAGE as error:
            raise UnreadablePhoto from error
        return _photo(_upright(image))


def _opened(photo: bytes, formats: tuple[str, ...]) -> ImageFile.ImageFile:
    """The file with its header read and nothing decoded."""
    try:
        image = Image.open(io.BytesIO(photo), formats=formats)
        frames = int(getattr(image, "n_frames", 1))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PhotoTooLarge from error
    except _GARBAGE as error:
        raise UnreadablePhoto from error
    if image.width * image.height > MAX_PIXELS:
        raise PhotoTooLarge
    if max(image.size) > MAX_SIDE:
        raise PhotoTooLarge(f"This picture is too large: its sides may have at most {MAX_SIDE:,} pixels.")
    if frames > MAX_FRAMES:
        raise UnreadablePhoto("This file is an animation. Please use a photo.")
    if image.format in ("JPEG", "MPO"):
        scans = scan_count(photo)
        if scans > MAX_SCANS or scans * image.width * image.height > MAX_SCANNED_PIXELS:
            raise UnreadablePhoto
    return image


def scan_count(jpeg: bytes) -> int:
    """How many scans the first picture of a JPEG file holds, from its markers alone.

    Segments are skipped by their length, so that a thumbnail or garbage in metadata does not count.
    """
    scans, at = 0, 0
    while found := _JPEG_MARKER.search(jpeg, at):
        marker, at = found[1][0], found.end()
        if marker == _JPEG_END:
            break
        scans += marker == _JPEG_SCAN
        if marker not in _JPEG_ALONE:
            at += int.from_bytes(jpeg[at : at + 2], "big")
    return scans


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation says; garbage there means that it stays as it is.

    Not ImageOps.exif_transpose: it writes the other tags anew and fails on what they hold.
    """
    try:
        orientation: Any = image.getexif().get(ExifTags.Base.Orientation)
    except _GARBAGE:
        return image
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _photo(image: Image.Image) -> Photo:
    """Pillow's picture in any mode as sRGB pixels and alpha."""
    profile = image.info.get("icc_profile")
    image = _eight_bit(image)
    if image.has_transparency_data:
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
        pixels = np.asarray(_srgb(image.convert("RGBA").convert("RGB"), profile))
        if alpha.min() < 255:
            return Photo(_beyond_the_edge(pixels, alpha), alpha)
        return Photo(pixels)
    if image.mode not in ("L", "CMYK", "RGB"):
        image = image.convert("RGB")
    return Photo(np.asarray(_srgb(image, profile)))


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit greys scaled to 8 bits, where Pillow's own conversion would clip them."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray(np.round(np.clip(np.asarray(image), 0, 65535) / 257).astype(np.uint8))


def _srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Colours as its ICC profile means them, in sRGB. A garbled or foreign profile is ignored."""
    if not profile:
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "RGB" and (source.profile.profile_description or "").startswith("sRGB"):
            return image  # by far the most common: saves 0.1 s on a phone's photo
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, *_GARBAGE):
        converted = None
    return converted or image.convert("RGB")


def _beyond_the_edge(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Invisible pixels take the colour of the visible ones near them, and white far away.

    What a file keeps under alpha 0 is arbitrary (mostly black); resizing would bleed it into the
    edge as a dark fringe, and an engine without alpha would show it. Spread on a small copy, which
    keeps a 50-megapixel picture within memory.
    """
    height, width = alpha.shape
    visible = (alpha > 0).astype(np.uint8)
    size = (max(1, width // SPREAD_CELL), max(1, height // SPREAD_CELL))
    share = cv2.resize(visible * np.uint8(255), size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    colour = cv2.resize(pixels * visible[..., None], size, interpolation=cv2.INTER_AREA).astype(np.float32)
    near = cv2.blur(share, (9, 9))[..., None]
    spread = np.where(near > 0.01, cv2.blur(colour, (9, 9)) / np.maximum(near, 0.01), 255).clip(0, 255)
    beyond = cv2.resize(np.round(spread).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    filled: NDArray[np.uint8] = np.where(visible[..., None] > 0, pixels, beyond)
    return filled
