from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gpuworker.rig import rig_file
from gpuworker.rig.damage import KINDS, DamagedRig
from gpuworker.rig.model import Rig
from tests.gpuworker.rig import damaged, golden
from tests.gpuworker.rig.damaged import Damaged
from tests.gpuworker.rig.small import small

GOLDEN = (golden.FOLDER / "rig.bin").read_bytes()
DAMAGED = damaged.read()


def assert_same(one: Rig, other: Rig) -> None:
    for name in ("frame", "alpha", "intensity", "head", "motion", "supersampling", "height_unit", "curve_unit"):
        assert getattr(one, name) == getattr(other, name), name
    for name in ("height", "brows", "atlas"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for eye, twin in zip(one.eyes, other.eyes, strict=True):
        assert np.array_equal(eye.upper, twin.upper)
        assert np.array_equal(eye.lower, twin.lower)
        plain: dict[str, Any] = {"upper": None, "lower": None}
        assert str(replace(eye, **plain)) == str(replace(twin, **plain))


def test_what_was_written_is_read() -> None:
    for rig in (small(), small(eyes=(), atlas=None), small(alpha=True, intensity=1.5)):
        assert_same(rig_file.loads(rig_file.dumps(rig)), rig)


def test_the_golden_file_says_what_its_twin_says() -> None:
    assert golden.decoded(GOLDEN) == json.loads((golden.FOLDER / "rig.json").read_text())


def test_the_golden_file_is_what_the_writer_makes_of_it() -> None:
    rig = rig_file.loads(GOLDEN)
    again = rig_file.dumps(rig)
    assert {**golden.header(again), "parts": 0} == {**golden.header(GOLDEN), "parts": 0}
    assert_same(rig_file.loads(again), rig)


def test_the_golden_file_is_what_the_engine_makes_of_the_astronaut() -> None:
    """To within what other processors round otherwise."""
    rig, made = rig_file.loads(GOLDEN), golden.made()
    assert np.abs(rig.height - made.height).max() <= 16  # a quarter of a frame pixel
    assert np.abs(rig.brows - made.brows).max() <= 4
    assert made.head.width == pytest.approx(rig.head.width, abs=0.1)
    assert made.motion == rig.motion
    for eye, twin in zip(rig.eyes, made.eyes, strict=True):
        assert twin.middle == pytest.approx(eye.middle, abs=0.1)
        assert twin.radius == pytest.approx(eye.radius, abs=0.1)
        assert (eye.closes, eye.inner) == (twin.closes, twin.inner)
        assert np.abs(eye.upper - twin.upper).max() <= 16


def kind_of(case: Damaged) -> str | None:
    try:
        assert_same(rig_file.loads(case.data), small())
    except DamagedRig as damage:
        return damage.kind
    return None


def test_damage_has_its_kind_and_what_a_reader_need_not_know_is_none() -> None:
    assert {case.name: kind_of(case) for case in DAMAGED} == {case.name: case.kind for case in DAMAGED}


def test_every_kind_of_damage_is_among_the_damaged() -> None:
    kinds = [case.kind for case in DAMAGED if case.kind]
    assert {*kinds} == {*KINDS}
    assert len(kinds) >= 40


def test_the_committed_damage_is_what_the_generator_makes() -> None:
    assert [(each.name, each.kind) for each in damaged.made()] == [(each.name, each.kind) for each in DAMAGED]


def test_a_rig_that_was_cut_is_damaged_wherever_it_was_cut() -> None:
    for length in range(0, len(GOLDEN), 61):
        with pytest.raises(DamagedRig):
            rig_file.loads(GOLDEN[:length])


def test_any_changed_byte_is_damage_or_still_a_rig() -> None:
    """No other error, whatever the byte."""
    whole = rig_file.dumps(small())
    random = np.random.default_rng(13)
    kinds = set()
    for at, byte in zip(random.integers(0, len(whole), 400), random.integers(0, 256, 400), strict=True):
        try:
            rig_file.loads(whole[:at] + bytes([byte]) + whole[at + 1 :])
        except DamagedRig as damage:
            kinds.add(damage.kind)
    assert kinds <= {*KINDS}
    assert len(kinds) > 4


def test_a_header_of_more_than_64_kb_is_not_parsed() -> None:
    text = b'{"version":1}' + b" " * rig_file.MOST_HEADER
    with pytest.raises(DamagedRig) as caught:
        rig_file.loads(b"RIG1" + struct.pack("<I", len(text)) + text)
    assert caught.value.kind == "header-length"


def test_deeply_nested_json_is_damage() -> None:
    text = b"[" * 60_000
    with pytest.raises(DamagedRig) as caught:
        rig_file.loads(b"RIG1" + struct.pack("<I", len(text)) + text)
    assert caught.value.kind == "json"


def test_a_bomb_is_inflated_no_further_than_the_fields_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    decompressobj = zlib.decompressobj

    class Counting:
        def __init__(self) -> None:
            self._stream = decompressobj()

        def decompress(self, data: bytes, most: int = 0) -> bytes:
            made.append(len(inflated := self._stream.decompress(data, most)))
            return inflated

    monkeypatch.setattr("gpuworker.rig.rig_file.zlib.decompressobj", Counting)
    (bomb,) = (case for case in DAMAGED if "bomb" in case.name)
    with pytest.raises(DamagedRig):
        rig_file.loads(bomb.data)
    assert sum(made) < 10_000


@pytest.mark.parametrize(
    "changes", [{"intensity": 2.0}, {"height": small().height - 1}, {"brows": small().brows * 2}, {"atlas": None}]
)
def test_what_no_reader_would_take_is_not_written(changes: dict[str, object]) -> None:
    with pytest.raises(DamagedRig):
        rig_file.dumps(small(**changes))
