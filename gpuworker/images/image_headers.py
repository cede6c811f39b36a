"""Headers of JPEG, PNG, WebP, AVIF and HEIC files, read without decoding anything.

Every parser looks at a byte a bounded number of times and stops at a bounded number of parts, whatever
the file says. A file that is merely odd is left to its decoder; `Header` says what decoding it will take.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gpuworker.errors import UnreadablePhoto
from gpuworker.images import isobmff
from gpuworker.images.isobmff import Grid

Kind = Literal["JPEG", "PNG", "WEBP", "AVIF", "HEIF"]

MAX_CHUNKS = 20_000
"""Parts of a PNG or WebP file, markers of a JPEG. A 25 MB PNG with the usual 8 KB to a chunk has 3,200."""

_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_JPEG_ALONE = frozenset((0x01, 0xD8))  # TEM and SOI: no length follows
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))


@dataclass(frozen=True)
class Cicp:
    """Coding-independent code points of ITU-T H.273.

    primaries, transfer: 2 is unspecified. full_range: of what the decoder gives, which is RGB.
    """

    primaries: int
    transfer: int
    full_range: bool = True


@dataclass(frozen=True)
class Header:
    """Facts that a file states about itself.

    width, height: pixels as stored. length: bytes of the file. frames: of an animation, 1 otherwise.
    scans: passes of a JPEG over the picture. samples: coefficients for each pixel that a JPEG decoder keeps
    between the scans. bytes_per_pixel: in the decoder's own memory. coded_pixels: that are decoded before the
    picture is put together, where that is more than width × height. grid: of a HEIC file whose tiles can be
    decoded one by one. cicp, gamma, chromaticities (white, red, green, blue as x, y), srgb: its colours,
    where no ICC profile says them. profile, exif: of a still WebP file.
    """

    kind: Kind
    width: int
    height: int
    length: int
    frames: int = 1
    scans: int = 1
    samples: float = 0.0
    interlaced: bool = False
    lossless: bool = False
    alpha: bool = False
    deep: bool = False
    grey: bool = False
    palette: bool = False
    coded_pixels: int = 0
    grid: Grid | None = None
    cicp: Cicp | None = None
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None
    srgb: bool = False
    still_webp: bool = False
    profile: bytes | None = None
    exif: bytes | None = None

    @property
    def pixels(self) -> int:
        return self.width * self.height


def parse(photo: bytes) -> Header | None:
    """The header of a file in one of the formats; None for anything else. Raises UnreadablePhoto for a trap."""
    try:
        if photo[:3] == b"\xff\xd8\xff":
            return _jpeg(photo)
        if photo[:8] == b"\x89PNG\r\n\x1a\n":
            return _png(photo)
        if photo[:4] == b"RIFF" and photo[8:12] == b"WEBP":
            return _webp(photo)
        if photo[4:8] == b"ftyp":
            return _isobmff(photo)
    except (struct.error, IndexError):
        pass
    return None


# ----------------------------------------------------------------------- JPEG


def jpeg_markers(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers of the first picture of a JPEG file and the contents of their segments.

    Segments are skipped by their length, so that a thumbnail or garbage in metadata does not count, and the
    compressed data between them are searched once.
    """
    at = 0
    for _ in range(MAX_CHUNKS):
        found = _JPEG_MARKER.search(jpeg, at)
        if found is None:
            return
        marker, at = found[0][1], found.end()
        if marker == _JPEG_END:
            return
        length = 0 if marker in _JPEG_ALONE else int.from_bytes(jpeg[at : at + 2], "big")
        yield marker, jpeg[at + 2 : at + length] if marker in _JPEG_FRAMES else b""
        at += length
    raise UnreadablePhoto


def scan_count(jpeg: bytes) -> int:
    """Number of scans that the first picture of a JPEG file holds."""
    return sum(marker == _JPEG_SCAN for marker, _ in jpeg_markers(jpeg))


def _jpeg(photo: bytes) -> Header | None:
    frame, progressive, scans = b"", False, 0
    for marker, content in jpeg_markers(photo):
        scans += marker == _JPEG_SCAN
        if marker in _JPEG_FRAMES and not frame:
            frame, progressive = content, marker in _JPEG_PROGRESSIVE
    if not frame:
        return None
    height, width, components = struct.unpack_from(">HHB", frame, 1)
    sampling = [(frame[7 + 3 * n] >> 4) * (frame[7 + 3 * n] & 15) for n in range(components)]
    samples = sum(sampling) / max(sampling, default=1) if max(sampling, default=0) else 1.0
    # A sequential JPEG in several scans is kept as coefficients too.
    kept = samples if progressive or scans > 1 else 0.0
    return Header("JPEG", width, height, len(photo), scans=scans, samples=kept, grey=components == 1)


# ------------------------------------------------------------------------ PNG


def _png(photo: bytes) -> Header:
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", photo, 16)
    facts: dict[str, object] = {}
    frames, before_pixels = 1, True
    for name, at, length in _chunks(photo, 8, ">"):
        before_pixels = before_pixels and name != b"IDAT"
        frames += name == b"fcTL"
        if before_pixels:
            facts.update(_png_fact(name, photo[at : at + min(length, 64)]))
    return Header(
        "PNG", width, height, len(photo), frames=max(1, frames - 1), interlaced=bool(interlaced),
        deep=depth == 16, grey=colour in (0, 4), palette=colour == 3,
        **{"alpha": colour in (4, 6), **facts},  # type: ignore[arg-type]
    )  # fmt: skip


def _png_fact(name: bytes, content: bytes) -> dict[str, object]:
    """Facts of a chunk about the colours, under the names of Header's fields."""
    if name == b"cICP" and len(content) == 4 and content[2] == 0:  # RGB: a matrix has no meaning there
        return {"cicp": Cicp(content[0], content[1], bool(content[3]))}
    if name == b"tRNS":
        return {"alpha": True}
    if name == b"sRGB" and len(content) == 1:
        return {"srgb": True}
    if name == b"gAMA" and len(content) == 4:
        return {"gamma": struct.unpack(">I", content)[0] / 100_000 or None}
    if name == b"cHRM" and len(content) == 32:
        return {"chromaticities": tuple(value / 100_000 for value in struct.unpack(">8I", content))}
    return {}


def _chunks(file: bytes, start: int, order: Literal["<", ">"]) -> Iterator[tuple[bytes, int, int]]:
    """Name, position and length of the contents of each chunk; PNG's order is >, RIFF's is <."""
    at = start
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(file):
            return
        if order == ">":
            length, name = struct.unpack_from(">I4s", file, at)
            after = at + 12 + length
        else:
            name, length = struct.unpack_from("<4sI", file, at)
            after = at + 8 + length + length % 2
        yield name, at + 8, length
        if name == b"IEND":
            return
        at = after
    raise UnreadablePhoto


# ----------------------------------------------------------------------- WebP


def _webp(photo: bytes) -> Header | None:
    sizes: list[tuple[int, int]] = []
    frames, lossless, alpha = 0, False, False
    extra: dict[bytes, bytes] = {}
    for name, at, length in _chunks(photo, 12, "<"):
        if name == b"VP8X":
            sizes.append((_u24(photo, at + 4) + 1, _u24(photo, at + 7) + 1))
            alpha = alpha or bool(photo[at] & 0x10)
        elif name == b"ANMF":
            frames += 1
            sizes.append((_u24(photo, at + 6) + 1, _u24(photo, at + 9) + 1))
            lossless = lossless or b"VP8L" in (photo[at + 16 : at + 20])
        elif name == b"VP8L":
            bits = int.from_bytes(photo[at + 1 : at + 5], "little")
            sizes.append(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
            lossless, alpha = True, alpha or bool(bits >> 28 & 1)
        elif name == b"VP8 ":
            width, height = struct.unpack_from("<HH", photo, at + 6)
            sizes.append((width & 0x3FFF, height & 0x3FFF))
        elif name in (b"ICCP", b"EXIF"):
            extra.setdefault(name, photo[at : at + length])
    if not sizes:
        return None
    width, height = (max(sides) for sides in zip(*sizes, strict=True))
    return Header(
        "WEBP", width, height, len(photo), frames=max(1, frames), lossless=lossless, alpha=alpha,
        still_webp=not frames, profile=extra.get(b"ICCP"), exif=extra.get(b"EXIF"),
    )  # fmt: skip


def _u24(file: bytes, at: int) -> int:
    return int.from_bytes(file[at : at + 3], "little")


# -------------------------------------------------------------- AVIF and HEIC


def _isobmff(photo: bytes) -> Header | None:
    picture = isobmff.primary(photo)
    if picture is None:
        return None
    cicp = Cicp(*picture.nclx) if picture.nclx else None
    return Header(
        "AVIF" if picture.codec == b"av01" else "HEIF", picture.width, picture.height, len(photo),
        alpha=picture.alpha, deep=picture.bits > 8, coded_pixels=picture.coded_pixels, grid=picture.grid, cicp=cicp,
    )  # fmt: skip
