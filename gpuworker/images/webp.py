"""The size that a WebP file declares, from its first bytes, so that sheets are passed on undecoded."""

from __future__ import annotations

from gpuworker.contract import Size

HEAD = 30
"""Bytes that `size` needs."""


def size(data: bytes) -> Size | None:
    """Size of the canvas, in pixels; None when this is not the beginning of a WebP file."""
    if len(data) < HEAD or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    match data[12:16]:
        case b"VP8X":
            return Size(_number(data[24:27]) + 1, _number(data[27:30]) + 1)
        case b"VP8L" if data[20] == 0x2F:
            bits = _number(data[21:25])
            return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            return Size(_number(data[26:28]) & 0x3FFF, _number(data[28:30]) & 0x3FFF)
    return None


def head(of: Size) -> bytes:
    """The first bytes of a file that declares this size (extended format), for stand-ins."""
    flags = bytes(4)
    canvas = (of.width - 1).to_bytes(3, "little") + (of.height - 1).to_bytes(3, "little")
    return b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + flags + canvas


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
