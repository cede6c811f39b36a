"""Integer planes as bytes that deflate shrinks well: differences downwards, then across, low and high bytes apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BYTES = 2
"""Bytes of one value."""


def encode(plane: NDArray[np.int32]) -> bytes:
    """plane: (rows, columns). Raises ValueError when a difference needs more than 16 bits."""
    wide = plane.astype(np.int64)
    differences = np.diff(np.diff(wide, axis=0, prepend=0), axis=1, prepend=0)
    zigzag = (differences << 1) ^ (differences >> 63)
    if zigzag.size and zigzag.max() > 0xFFFF:
        raise ValueError("neighbouring values differ by more than 16 bits")
    short = zigzag.astype("<u2").ravel()
    return bytes((short & 0xFF).astype(np.uint8)) + bytes((short >> 8).astype(np.uint8))


def decode(data: bytes, rows: int, columns: int) -> NDArray[np.int32]:
    """The plane of exactly rows · columns · BYTES bytes."""
    low, high = np.frombuffer(data, np.uint8).astype(np.int64).reshape(2, rows, columns)
    zigzag = low | high << 8
    differences = (zigzag >> 1) ^ -(zigzag & 1)
    return differences.cumsum(axis=1).cumsum(axis=0).astype(np.int32)
