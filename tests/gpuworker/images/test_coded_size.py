"""Sizes as HEVC and AV1 streams say them themselves."""

from __future__ import annotations

import io
import random
import struct

import pytest
from PIL import Image

from gpuworker.images import coded_size
from tests.gpuworker import heic


def stream(width: int, height: int) -> bytes:
    """Coded stream of an AVIF file."""
    file = io.BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(file, "AVIF", speed=10)
    data = file.getvalue()
    return data[data.index(b"mdat") + 4 :]


def bits(*fields: tuple[int, int]) -> bytes:
    """(value, bits) one after the other, filled up with zeros."""
    text = "".join(format(value, f"0{count}b") for value, count in fields)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def test_hevc() -> None:
    assert coded_size.hevc(heic.astronaut()[0][8:]) == heic.TILE**2


@pytest.mark.parametrize(("width", "height"), [(64, 64), (90, 60), (333, 17)])
def test_av1(width: int, height: int) -> None:
    assert coded_size.av1(stream(width, height)) == width * height


def test_av1_with_timing_models_and_operating_points() -> None:
    sequence = bits(
        (0, 3), (0, 1), (0, 1),  # no still picture
        (1, 1), (1, 32), (1, 32), (1, 1), (1, 1),  # timing, equal intervals: uvlc 0
        (1, 1), (9, 5), (1, 32), (9, 5), (9, 5),  # decoder model of 10 bits
        (1, 1), (1, 5),  # display delay, two operating points
        (0, 12), (8, 5), (0, 1), (1, 1), (0, 10), (0, 10), (0, 1), (1, 1), (0, 4),
        (0, 12), (3, 5), (0, 1), (0, 1),
        (13, 4), (13, 4), (9_999, 14), (7_999, 14),
    )  # fmt: skip
    assert coded_size.av1(bytes([0x12, 0, 0x0A, len(sequence)]) + sequence) == 10_000 * 8_000


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_av1_says_its_colours(mode: str, subsampling: str) -> None:
    file = io.BytesIO()
    subsampling = "4:0:0" if mode == "L" else subsampling
    Image.effect_noise((64, 48), 40).convert(mode).save(file, "AVIF", speed=10, subsampling=subsampling)
    data = file.getvalue()
    assert coded_size.av1_code_points(data[data.index(b"mdat") + 4 :]) == (1, 13)


def test_av1_of_a_sequence_says_its_colours_too() -> None:
    frames = [Image.effect_noise((64, 48), 40).convert("RGB") for _ in range(2)]
    file = io.BytesIO()
    frames[0].save(file, "AVIF", speed=10, save_all=True, append_images=frames[1:])
    data = file.getvalue()
    assert coded_size.av1_code_points(data[data.index(b"mdat") + 4 :]) == (1, 13)


def test_what_is_no_stream_has_no_size() -> None:
    assert coded_size.av1(b"") == 0
    assert coded_size.av1_code_points(b"") is None
    assert coded_size.av1(bytes([0x12, 0] * 9)) == 0
    assert coded_size.hevc(b"") == 0
    assert coded_size.hevc(bytes(22) + b"\0") == 0


def test_garbage_never_takes_long_or_raises() -> None:
    chance = random.Random(5)
    for _ in range(300):
        garbage = chance.randbytes(chance.randrange(400))
        coded_size.av1(garbage)
        coded_size.av1_code_points(garbage)
        assert coded_size.hevc(bytes(22) + b"\x40" + struct.pack(">BHH", 33, 60_000, 60) + garbage) >= 0
