"""Both readers of a rig, Python's and JavaScript's, take and refuse the same."""

from __future__ import annotations

import base64
import copy
import json
import struct
from collections.abc import Iterator
from typing import Any

from gpuworker.rig import rig_file
from gpuworker.rig.damage import DamagedRig
from tests.gaze.conftest import Js
from tests.gpuworker.rig.small import small

VALUES: tuple[Any, ...] = (None, True, "1", [], {}, -1, 0, 0.5, 1, 3, 200, 1e9)

READ = """async ({ readRig }, files) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const kinds = files.map((file) => readRig(bytes(file)).then(() => null, ({ kind }) => kind ?? 'an exception'));
  return Promise.all(kinds);
}"""


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Each key and index of a JSON value, outer ones too."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from paths(inner, (*path, key))


def changed(values: Any, path: tuple[str | int, ...], value: Any) -> Any:
    values = copy.deepcopy(values)
    part = values
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return values


def spoilt() -> dict[str, bytes]:
    """The small rig with each value of its header replaced by others, by what was done."""
    whole = rig_file.dumps(small())
    end = 8 + struct.unpack_from("<I", whole, 4)[0]
    header = json.loads(whole[8:end])
    files = {}
    for path in paths(header):
        for value in VALUES:
            text = json.dumps(changed(header, path, value), separators=(",", ":")).encode()
            files[f"{path} = {value!r}"] = b"RIG1" + struct.pack("<I", len(text)) + text + whole[end:]
    return files


def kind_of(data: bytes) -> str | None:
    try:
        rig_file.loads(data)
    except DamagedRig as damage:
        return damage.kind
    return None


def test_both_readers_take_and_refuse_the_same_headers(js: Js) -> None:
    files = spoilt()
    ours = {name: kind_of(data) for name, data in files.items()}
    theirs = js("rig/reader.js", READ, [base64.b64encode(data).decode() for data in files.values()])
    different = {name: (own, other) for (name, own), other in zip(ours.items(), theirs, strict=True) if own != other}
    assert different == {}
    assert len(files) > 1000
    assert {None, "range", "version", "parts"} <= {*theirs}
