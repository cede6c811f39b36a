"""Sizes in the headers of HEVC and AV1 streams, which a file around them may contradict, and AV1's code points."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Units = bytes | memoryview
Count = Callable[[], None]

HEAD = 512
"""Bytes of a unit that are looked at; a sequence header has no more."""
MAX_LAYERS = 4
"""Frames that an AV1 picture may be made of."""

_SEQUENCE_HEADER = 1
_FRAMES = frozenset((3, 6))


class _Bits:
    """Reader of single bits, most significant first; beyond the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        shift = self._left
        return (self._value >> shift if shift >= 0 else self._value << -shift) & ((1 << count) - 1)

    def exp_golomb(self) -> int:
        """An unsigned number as H.265's ue(v) or AV1's uvlc."""
        zeros = 0
        while zeros < 32 and not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


def hevc(configuration: bytes) -> int:
    """Pixels of a picture by the sequence parameter sets in an hvcC box's contents; 0 when there are none."""
    at, most = 23, 0
    for _ in range(configuration[22] if len(configuration) > 22 else 0):
        kind, count = configuration[at] & 63, int.from_bytes(configuration[at + 1 : at + 3], "big")
        at += 3
        for _ in range(min(count, 64)):
            length = int.from_bytes(configuration[at : at + 2], "big")
            if kind == 33:
                most = max(most, _sequence_parameters(configuration[at + 2 : at + 2 + length]))
            at += 2 + length
        if at >= len(configuration):
            break
    return most


def hevc_stream(units: Units, count: Count) -> int:
    """Pixels by the sequence parameter sets among a coded picture's units; 0 when there are none.

    units: each after its length in 4 bytes. count: called for each; what it raises ends the reading.
    """
    at, most = 0, 0
    while at + 4 < len(units):
        count()
        if units[at + 4] >> 1 & 63 == 33:
            most = max(most, _sequence_parameters(bytes(units[at + 4 : at + 4 + HEAD])))
        at += 4 + int.from_bytes(units[at : at + 4], "big")
    return most


def _sequence_parameters(unit: bytes) -> int:
    """Pixels by an H.265 SPS (7.3.2.2)."""
    bits = _Bits(unit[:256].replace(b"\0\0\3", b"\0\0"))
    bits.take(16 + 4)
    layers = bits.take(3)
    bits.take(1 + 96)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    bits.exp_golomb()
    if bits.exp_golomb() == 3:
        bits.take(1)
    return bits.exp_golomb() * bits.exp_golomb()


def av1(units: Units, count: Count = lambda: None) -> int:
    """Pixels by the largest sequence header in an AV1 stream; 0 when there is none.

    More frames than a picture has layers count as so many pictures. count: called for each unit; what it raises
    ends the reading.
    """
    most, frames = 0, 0
    for kind, content in _av1_units(units):
        count()
        frames += kind in _FRAMES
        if kind == _SEQUENCE_HEADER:
            most = max(most, _frame_size(_Bits(content)))
    return most * max(1, -(-frames // MAX_LAYERS))


def av1_code_points(units: Units) -> tuple[int, int] | None:
    """Primaries and transfer (H.273) by the first sequence header; None when it does not say them."""
    header = next((content for kind, content in _av1_units(units) if kind == _SEQUENCE_HEADER), b"")
    if not header:
        return None
    bits = _Bits(header)
    _frame_size(bits)
    _tools(bits, still=bool(header[0] >> 3 & 1))
    profile = header[0] >> 5
    if bits.take(1) and profile == 2:
        bits.take(1)
    if profile != 1:
        bits.take(1)
    return (bits.take(8), bits.take(8)) if bits.take(1) else None


def _av1_units(units: Units) -> Iterator[tuple[int, bytes]]:
    """Type and first bytes of each unit of an AV1 stream."""
    at = 0
    while at < len(units):
        head = units[at]
        at += 2 if head & 4 else 1
        length, at = _leb128(units, at) if head & 2 else (len(units) - at, at)
        yield head >> 3 & 15, bytes(units[at : at + min(length, HEAD)])
        at += length


def _leb128(data: Units, at: int) -> tuple[int, int]:
    value = 0
    for n, byte in enumerate(data[at : at + 8]):
        value |= (byte & 127) << 7 * n
        if byte < 128:
            return value, at + n + 1
    return value, at + 8


def _frame_size(bits: _Bits) -> int:
    """Pixels by an AV1 sequence header (5.5.1), read so far."""
    bits.take(3 + 1)
    if bits.take(1):  # reduced: of a still picture
        bits.take(5)
    else:
        _operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return (bits.take(width_bits) + 1) * (bits.take(height_bits) + 1)


def _tools(bits: _Bits, still: bool) -> None:
    """Read over what a sequence header says between size and colours. still: its header is the reduced one."""
    if not still and bits.take(1):
        bits.take(4 + 3)
    bits.take(3)
    if not still:
        bits.take(4)
        ordered = bits.take(1)
        bits.take(2 * ordered)
        screen_content = bits.take(1) or bits.take(1)
        if screen_content and not bits.take(1):
            bits.take(1)
        bits.take(3 * ordered)
    bits.take(3)


def _operating_points(bits: _Bits) -> None:
    """Read over timing and operating points."""
    modelled, delay_bits = 0, 0
    if bits.take(1):
        bits.take(32 + 32)
        if bits.take(1):
            bits.exp_golomb()
        modelled = bits.take(1)
        if modelled:
            delay_bits = bits.take(5) + 1
            bits.take(32 + 5 + 5)
    delayed = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if modelled and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if delayed and bits.take(1):
            bits.take(4)
