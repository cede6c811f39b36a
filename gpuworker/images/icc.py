"""Bounds on ICC profiles (ICC.1:2022): a few hundred bytes can make a colour engine work for many seconds."""

from __future__ import annotations

import math
import struct

MAX_BYTES = 4_000_000
"""Bytes of a profile. A printer's has some 2,000,000."""
MAX_TAGS = 100
"""Tags that littlecms reads."""

_CLASSES = frozenset((b"scnr", b"mntr", b"prtr", b"spac"))
"""Classes of profiles that describe a picture's colours; links and lists of named colours do not."""
_PROCESSING = b"mpet"
"""Type of a chain of any number of elements, all of which may be the same bytes, run for each colour."""
_CHAINS = (b"D2B", b"B2D")
"""Names of tags that are such chains."""


def is_bounded(profile: bytes) -> bool:
    """True where a colour engine's work and memory are bounded by the profile's length; false for garbage."""
    if len(profile) > MAX_BYTES or profile[12:16] not in _CLASSES:
        return False
    try:
        count = struct.unpack_from(">I", profile, 128)[0]
        return count <= MAX_TAGS and all(_is_tag_bounded(profile, 132 + 12 * n) for n in range(count))
    except (struct.error, IndexError):
        return False


def _is_tag_bounded(profile: bytes, entry: int) -> bool:
    name, at, _ = struct.unpack_from(">4sII", profile, entry)
    kind = profile[at : at + 4]
    return kind != _PROCESSING and not name.startswith(_CHAINS) and _table_bytes(profile, at, kind) <= len(profile)


def _table_bytes(profile: bytes, at: int, kind: bytes) -> int:
    """Bytes that a tag's lookup table of colours claims to have; 0 where it has none."""
    if kind in (b"mft1", b"mft2"):
        inputs, outputs, side = profile[at + 8], profile[at + 9], profile[at + 10]
        return int(side ** min(inputs, 16) * outputs * (1 if kind == b"mft1" else 2))
    if kind in (b"mAB ", b"mBA ") and (offset := struct.unpack_from(">I", profile, at + 24)[0]):
        table = at + offset
        points = profile[table : table + min(profile[at + 8], 16)]
        return int(math.prod(points) * profile[at + 9] * profile[table + 16])
    return 0
