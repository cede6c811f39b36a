"""Decoder of HEIC pictures made of tiles: one by one, reduced on the way, so that the whole is never in memory."""

from __future__ import annotations

import io
import os
import struct
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pi_heif  # type: ignore[import-untyped]
from numpy.typing import NDArray

from gpuworker.images.isobmff import Grid

THREADS = 2


def decode(file: bytes, grid: Grid, factor: int = 1) -> NDArray[np.uint8]:
    """The picture as (H, W, 3) uint8, upright, each side divided by `factor`, a divisor of the tiles' sides.

    Raises what pi_heif raises for garbage, and ValueError when a tile is not what the file said.
    """
    height, width = grid.tile_height // factor, grid.tile_width // factor
    rows = -(-grid.height // grid.tile_height)
    whole = np.empty((rows * height, grid.columns * width, 3), np.uint8)

    def place(number: int) -> None:
        row, column = divmod(number, grid.columns)
        tile = _tile(_file(file, grid, number))
        if tile.shape != (grid.tile_height, grid.tile_width, 3):
            raise ValueError(f"a tile of {tile.shape}")
        small = tile if factor == 1 else cv2.resize(tile, (width, height), interpolation=cv2.INTER_AREA)
        whole[row * height : (row + 1) * height, column * width : (column + 1) * width] = small

    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as threads:
        for _ in threads.map(place, range(rows * grid.columns)):
            pass
    return _turned(whole[: grid.height // factor, : grid.width // factor], grid)


def _turned(pixels: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
    upright = np.rot90(pixels, grid.turns)
    if grid.mirror is not None:
        upright = upright[::-1] if grid.mirror == 0 else upright[:, ::-1]
    return np.ascontiguousarray(upright)


def _tile(file: bytes) -> NDArray[np.uint8]:
    image = pi_heif.open_heif(io.BytesIO(file), convert_hdr_to_8bit=True, bgr_mode=False)
    pixels = np.array(image)  # a copy: the view dies with `image`
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


def _file(file: bytes, grid: Grid, number: int) -> bytes:
    """A HEIC file of that tile alone."""
    start, end = grid.tiles[number]
    handler = _full(b"hdlr", 0, bytes(4), b"pict", bytes(13))
    entry = _full(b"infe", 2, struct.pack(">HH4sB", 1, 0, b"hvc1", 0))
    links = bytes(0x80 * (box[4:8] == b"hvcC") | n for n, box in enumerate(grid.properties, 1))
    association = _full(b"ipma", 0, struct.pack(">IHB", 1, 1, len(links)), links)
    properties = _box(b"iprp", _box(b"ipco", *grid.properties), association)
    infos = _full(b"iinf", 0, struct.pack(">H", 1), entry)

    def head(offset: int) -> bytes:
        location = struct.pack(">HHHHHII", 0x4400, 1, 1, 0, 1, offset, end - start)
        meta = (handler, _full(b"pitm", 0, struct.pack(">H", 1)), _full(b"iloc", 0, location), infos, properties)
        return _box(b"ftyp", b"heic", bytes(4), b"mif1heic") + _full(b"meta", 0, *meta)

    return head(len(head(0)) + 8) + _box(b"mdat", file[start:end])


def _box(name: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), name) + content


def _full(name: bytes, version: int, *contents: bytes) -> bytes:
    return _box(name, bytes([version, 0, 0, 0]), *contents)
