"""Files for uploads: ordinary pictures, and every kind of malicious file."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SOLID = 1 << 20


def encoded(image: Image.Image | NDArray[np.uint8], kind: str = "JPEG", **options: Any) -> bytes:
    """File of a picture or of an array, (H, W, 3) uint8."""
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, kind, **options)
    return file.getvalue()


def decoded(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))


# ------------------------------------------------------------------------ PNG


def png(width: int, height: int, depth: int, colour: int, *chunks: bytes, pixels: bytes = b"") -> bytes:
    """A PNG file; colour: 0 grey, 2 RGB, 6 RGBA. pixels: deflated already."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def zeros(megabytes: int) -> bytes:
    """Zero bytes, deflated to a thousandth of their length."""
    deflate = zlib.compressobj(9)
    return b"".join([*(deflate.compress(bytes(SOLID)) for _ in range(megabytes)), deflate.flush()])


# ----------------------------------------------------------------------- JPEG


def segments(jpeg: bytes, *contents: tuple[int, bytes]) -> bytes:
    """The same JPEG with (marker, content) segments before everything else."""
    added = b"".join(bytes([0xFF, marker]) + struct.pack(">H", 2 + len(text)) + text for marker, text in contents)
    return jpeg[:2] + added + jpeg[2:]


def with_scans(jpeg: bytes, more: int) -> bytes:
    """The same progressive JPEG with its last scan repeated."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * more + jpeg[-2:]


def profile_segments(profile: bytes) -> Iterator[tuple[int, bytes]]:
    """An ICC profile in as many APP2 segments as it takes."""
    parts = [profile[at : at + 65_000] for at in range(0, len(profile), 65_000)]
    for number, part in enumerate(parts, 1):
        yield 0xE2, b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part


def ycck(image: Image.Image) -> bytes:
    """A CMYK picture as printers store it: luminance, two colour differences, and black, all inverted."""
    cyan, magenta, yellow, black = image.split()
    luminance = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr")
    inverted = [band.point(lambda value: 255 - value) for band in luminance.split()]
    file = bytearray(encoded(Image.merge("CMYK", (*inverted, black)), "JPEG", quality=97))
    adobe = file.index(b"Adobe")
    file[adobe + 11] = 2
    return bytes(file)


# ------------------------------------------------------------------- metadata


def exif(**tags: Any) -> bytes:
    """EXIF block with the given tags and a GPS position."""
    data = Image.Exif()
    for name, value in tags.items():
        data[{"orientation": 0x0112, "description": 0x010E, "artist": 0x013B}[name]] = value
    data.get_ifd(0x8825)[2] = (48.0, 8.0, 12.0)
    data.get_ifd(0x8825)[29] = "MARKER-gps"
    return data.tobytes()
