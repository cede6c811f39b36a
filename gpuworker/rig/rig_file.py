"""rig.bin: magic, length of the JSON, JSON, then the parts that it places. docs/rig.md is its description.

A rig is data from strangers: nothing is inflated, decoded or used whose size was not checked before.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker.images import webp
from gpuworker.rig import header, planes
from gpuworker.rig.damage import DamagedRig
from gpuworker.rig.header import MOST_ATLAS_SIDE, Header
from gpuworker.rig.model import Integers, Place, Rig, RigEye, grid_size

MAGIC = b"RIG1"
PREFIX = struct.Struct("<4sI")
MOST_HEADER = 1 << 16
"""Bytes of JSON."""
EFFORT, METHOD = 50, 3
"""The atlas in 5 ms; Pillow's most, 100 and 6, would need 260 for as many bytes."""
STEEPEST = 0.75
"""Largest height, as a share of the camera's distance: the picture would be seen from inside the head."""


def dumps(rig: Rig) -> bytes:
    """Raises DamagedRig for values that no reader would take, ValueError for planes that do not fit 16 bits."""
    parts = {"fields": zlib.compress(b"".join(map(planes.encode, _planes(rig))), 9)}
    if rig.atlas is not None:
        parts["atlas"] = _encoded(rig.atlas)
    offset, places = 0, {}
    for name, part in parts.items():
        places[name] = (offset, len(part))
        offset += len(part)
    text = header.dumps(rig, places)
    data = PREFIX.pack(MAGIC, len(text)) + text + b"".join(parts.values())
    loads(data)
    return data


def loads(data: bytes) -> Rig:
    """The rig in a file's bytes. Raises DamagedRig."""
    text, rest = _split(data)
    head = header.loads(text)
    parts = {name: _part(rest, *place) for name, place in head.parts.items()}
    fields = _inflated(parts["fields"], sum(rows * columns for rows, columns in _shapes(head)) * planes.BYTES)
    height, brows, *margins = _decoded(fields, head)
    _demand_heights(height, head)
    _demand_range(brows, 0, 255, "brows")
    return Rig(
        frame=head.frame,
        alpha=head.alpha,
        intensity=head.intensity,
        head=head.head,
        motion=head.motion,
        height=height,
        brows=brows,
        eyes=_eyes(head, margins),
        atlas=_atlas(parts["atlas"], head) if head.eyes else None,
        supersampling=head.supersampling,
        height_unit=head.height_unit,
        curve_unit=head.curve_unit,
    )


def _split(data: bytes) -> tuple[bytes, bytes]:
    """JSON, and what comes after it."""
    if len(data) < PREFIX.size:
        raise DamagedRig("too-short", f"{len(data)} bytes")
    magic, length = PREFIX.unpack_from(data)
    if magic != MAGIC:
        raise DamagedRig("magic", repr(magic))
    if length > min(MOST_HEADER, len(data) - PREFIX.size):
        raise DamagedRig("header-length", f"{length} of {len(data)} bytes")
    end = PREFIX.size + length
    return data[PREFIX.size : end], data[end:]


def _part(rest: bytes, offset: int, length: int) -> bytes:
    if offset + length > len(rest):
        raise DamagedRig("parts", f"{length} bytes at {offset} of {len(rest)}")
    return rest[offset : offset + length]


def _inflated(data: bytes, expected: int) -> bytes:
    """Exactly `expected` bytes; more are never produced."""
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(data, expected + 1)
    except zlib.error as error:
        raise DamagedRig("inflate", str(error)) from None
    if len(inflated) > expected:
        raise DamagedRig("fields-length", f"more than {expected} bytes")
    if not stream.eof or stream.unused_data:
        raise DamagedRig("inflate", "no complete stream" if not stream.eof else "bytes after the stream")
    if len(inflated) < expected:
        raise DamagedRig("fields-length", f"{len(inflated)} of {expected} bytes")
    return inflated


def _shapes(head: Header) -> Iterator[tuple[int, int]]:
    """Rows and columns of each plane: height, brows, and the two margins of each eye."""
    columns, rows = grid_size(head.frame)
    yield from [(rows, columns)] * 2
    yield from [(2, head.curve)] * len(head.eyes)


def _decoded(fields: bytes, head: Header) -> Iterator[Integers]:
    start = 0
    for rows, columns in _shapes(head):
        end = start + rows * columns * planes.BYTES
        yield planes.decode(fields[start:end], rows, columns)
        start = end


def _planes(rig: Rig) -> Iterator[Integers]:
    yield from (rig.height, rig.brows)
    for eye in rig.eyes:
        yield np.stack([eye.upper, eye.lower])


def _eyes(head: Header, margins: list[Integers]) -> tuple[RigEye, ...]:
    for (upper, lower), eye in zip(margins, head.eyes, strict=True):
        most = int(eye["width"] / head.curve_unit)
        _demand_range(upper, -most, most, "upper lid")
        _demand_range(lower, -most, most, "lower lid")
    return tuple(RigEye(**eye, upper=both[0], lower=both[1]) for both, eye in zip(margins, head.eyes, strict=True))


def _demand_heights(height: Integers, head: Header) -> None:
    _demand_range(height, 0, int(STEEPEST * head.head.distance / head.height_unit), "height")


def _demand_range(plane: Integers, low: int, high: int, name: str) -> None:
    if plane.min() < low or plane.max() > high:
        raise DamagedRig("range", f"{name} reaches from {plane.min()} to {plane.max()}")


def _encoded(atlas: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(atlas).save(file, "WEBP", lossless=True, quality=EFFORT, method=METHOD)
    return file.getvalue()


def _places(head: Header) -> Iterator[Place]:
    for eye in head.eyes:
        yield from (eye["white"], eye["texture"])
        if eye["lid"]:
            yield eye["lid"].place
        if eye["over"]:
            yield eye["over"]


def _atlas(data: bytes, head: Header) -> NDArray[np.uint8]:
    """(h, w, 3): a whole, lossless WebP that holds the places of both eyes with a border of one pixel."""
    size = webp.size(data)
    whole = data[12:16] == b"VP8L" and int.from_bytes(data[4:8], "little") + 8 == len(data)
    if size is None or not whole or max(size.width, size.height) > MOST_ATLAS_SIDE:
        raise DamagedRig("atlas", "no whole lossless WebP of a size that can be shown")
    for x, y, width, height in _places(head):
        if min(x, y) < 1 or x + width >= size.width or y + height >= size.height:
            raise DamagedRig("atlas", f"a part leaves the atlas of {size}")
    try:
        with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError) as error:
        raise DamagedRig("atlas", str(error)) from None
