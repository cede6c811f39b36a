"""HEIC files made of the one in tests/gate: grids of its picture, as phones make them, and false ones."""

from __future__ import annotations

import struct
from pathlib import Path

ASTRONAUT = Path(__file__).parents[1] / "portraits" / "uploads" / "astronaut.heic"
TILE = 384
"""Sides of its picture, pixels."""
NCLX = b"nclx" + struct.pack(">3HB", 1, 13, 6, 0x80)


def box(name: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), name) + content


def full(name: bytes, version: int, *contents: bytes) -> bytes:
    return box(name, bytes([version, 0, 0, 0]), *contents)


def astronaut() -> tuple[bytes, bytes]:
    """The hvcC box and the coded picture, which lies on its side."""
    file = ASTRONAUT.read_bytes()
    at = file.index(b"hvcC") - 4
    hvcc = file[at : at + int.from_bytes(file[at : at + 4], "big")]
    iloc = file.index(b"iloc") + 4
    start, _, _, length = struct.unpack(">IHII", file[iloc + 12 : iloc + 26])
    return hvcc, file[start : start + length]


def size(width: int, height: int) -> bytes:
    return full(b"ispe", 0, struct.pack(">II", width, height))


def grid(
    columns: int,
    rows: int,
    *,
    cut: tuple[int, int] = (0, 0),
    turns: int | None = None,
    mirror: int | None = None,
    colr: bytes = NCLX,
    more: tuple[bytes, ...] = (),
    copies: bool = False,
    padding: int = 0,
    order: tuple[bytes, ...] = (b"irot", b"imir"),
) -> bytes:
    """A HEIC file of columns × rows astronauts.

    cut: pixels that the picture lacks of the tiles' right and bottom. turns, mirror, colr, more: properties of
    the whole. copies: each tile has its own bytes, `padding` more than it needs.
    """
    hvcc, coded = astronaut()
    coded += bytes(padding)
    count = columns * rows
    width, height = columns * TILE - cut[0], rows * TILE - cut[1]
    transforms = {
        b"irot": [] if turns is None else [box(b"irot", bytes([turns]))],
        b"imir": [] if mirror is None else [box(b"imir", bytes([mirror]))],
    }
    whole = [size(width, height), box(b"colr", colr), *(b for name in order for b in transforms[name]), *more]
    properties = [hvcc, size(TILE, TILE), *whole]
    links = [bytes([0x81, 2])] * count + [bytes(range(3, len(properties) + 1))]
    ipma = b"".join(struct.pack(">HB", n, len(link)) + link for n, link in enumerate(links, 1))
    kinds = [b"hvc1"] * count + [b"grid"]
    infos = [full(b"infe", 2, struct.pack(">HH4sB", n, 0, kind, 0)) for n, kind in enumerate(kinds, 1)]
    tiles = struct.pack(f">{count}H", *range(1, count + 1))
    shape = struct.pack(">4B2I", 0, 1, rows - 1, columns - 1, width, height)

    def head(offset: int) -> bytes:
        step = len(coded) if copies else 0
        places = [(n, 0, offset + step * (n - 1), len(coded)) for n in range(1, count + 1)]
        places.append((count + 1, 1, 0, len(shape)))
        locations = b"".join(struct.pack(">HHHHII", n, method, 0, 1, at, length) for n, method, at, length in places)
        meta = full(
            b"meta", 0,
            full(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
            full(b"pitm", 0, struct.pack(">H", count + 1)),
            full(b"iloc", 1, struct.pack(">HH", 0x4400, count + 1), locations),
            full(b"iinf", 0, struct.pack(">H", count + 1), *infos),
            full(b"iref", 0, box(b"dimg", struct.pack(">HH", count + 1, count), tiles)),
            box(b"iprp", box(b"ipco", *properties), full(b"ipma", 0, struct.pack(">I", count + 1), ipma)),
            box(b"idat", shape),
        )  # fmt: skip
        return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta

    return head(len(head(0)) + 8) + box(b"mdat", coded * (count if copies else 1))
