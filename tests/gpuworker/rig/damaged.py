"""Rigs with one fault each, for every reader: tests/golden/damaged-rigs.json holds them.

python -m tests.gpuworker.rig.damaged writes that file anew from the small rig.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from gpuworker.rig import planes, rig_file
from tests.gpuworker.rig.small import small

FILE = Path(__file__).parents[2] / "golden" / "damaged-rigs.json"


@dataclass(frozen=True, slots=True)
class Damaged:
    """`kind` is what a reader must call the fault; None where it must read the rig as if nothing were."""

    name: str
    kind: str | None
    data: bytes


def read() -> list[Damaged]:
    """The committed ones."""
    listed = json.loads(FILE.read_text())
    return [Damaged(each["name"], each["kind"], base64.b64decode(each["data"])) for each in listed]


@dataclass(slots=True)
class Draft:
    """A file taken apart, so that one thing of it can be changed."""

    json: Any
    fields: bytes
    atlas: bytes

    @classmethod
    def fresh(cls) -> Draft:
        data = rig_file.dumps(small())
        end = 8 + struct.unpack_from("<I", data, 4)[0]
        values = json.loads(data[8:end])
        at, length = values["parts"]["fields"]
        start, size = values["parts"]["atlas"]
        return cls(values, data[end + at :][:length], data[end + start :][:size])

    def place(self, path: str, value: Any) -> None:
        """Puts a value at a path of keys and indices."""
        outer, last = self._at(path)
        outer[last] = value

    def remove(self, path: str) -> None:
        outer, last = self._at(path)
        del outer[last]

    def _at(self, path: str) -> tuple[Any, str | int]:
        *outer, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
        part = self.json
        for step in outer:
            part = part[step]
        return part, last

    def with_parts(self) -> Draft:
        """The JSON places the parts as they are now."""
        self.json["parts"] = {
            "fields": [0, len(self.fields)],
            "atlas": [len(self.fields), len(self.atlas)],
        }
        return self

    def bytes(self, text: bytes | None = None) -> bytes:
        text = json.dumps(self.json, separators=(",", ":")).encode() if text is None else text
        return b"RIG1" + struct.pack("<I", len(text)) + text + self.fields + self.atlas


def placed(path: str, value: Any) -> bytes:
    draft = Draft.fresh()
    draft.place(path, value)
    return draft.bytes()


def removed(path: str) -> bytes:
    draft = Draft.fresh()
    draft.remove(path)
    return draft.bytes()


def rewritten(change: Callable[[str], str]) -> bytes:
    """The JSON's text changed as JSON itself could not be written."""
    draft = Draft.fresh()
    return draft.bytes(change(json.dumps(draft.json, separators=(",", ":"))).encode())


def with_fields(change: Callable[[bytes], bytes]) -> bytes:
    draft = Draft.fresh()
    draft.fields = change(draft.fields)
    return draft.with_parts().bytes()


def with_planes(change: Callable[[bytearray], object]) -> bytes:
    """The inflated fields changed."""

    def changed(fields: bytes) -> bytes:
        inflated = bytearray(zlib.decompress(fields))
        change(inflated)
        return zlib.compress(bytes(inflated), 9)

    return with_fields(changed)


def with_atlas(change: Callable[[bytes], bytes]) -> bytes:
    draft = Draft.fresh()
    draft.atlas = change(draft.atlas)
    return draft.with_parts().bytes()


def saved(data: bytes, kind: str, **options: Any) -> bytes:
    """The atlas as another file."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").save(file, kind, **options)
    return file.getvalue()


def cut(data: bytes, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").crop((0, 0, *size)).save(file, "WEBP", lossless=True)
    return file.getvalue()


def declared(data: bytes, width: int, height: int) -> bytes:
    """A lossless WebP whose header tells another size."""
    return data[:21] + (width - 1 | height - 1 << 14).to_bytes(4, "little") + data[25:]


def raised(plane: int, value: int) -> Callable[[bytearray], object]:
    """The first value of a plane (0: height, 1: brows); all others of it move along."""
    rig = small()
    start = plane * rig.height.size * planes.BYTES
    zigzag = (value << 1) ^ (value >> 31)

    def change(inflated: bytearray) -> None:
        inflated[start], inflated[start + rig.height.size] = zigzag & 0xFF, zigzag >> 8

    return change


def too_short() -> Iterator[tuple[str, bytes]]:
    yield "no bytes", b""
    yield "seven bytes", Draft.fresh().bytes()[:7]


def magic() -> Iterator[tuple[str, bytes]]:
    whole = Draft.fresh().bytes()
    yield "another format", b"RIG2" + whole[4:]
    yield "a page of HTML", b"<!doctype html><title>404</title>" + whole


def header_length() -> Iterator[tuple[str, bytes]]:
    whole = Draft.fresh().bytes()
    yield "a header of 4 GB", b"RIG1" + b"\xff" * 4 + whole[8:]
    yield "a big-endian length", b"RIG1" + whole[4:8][::-1] + whole[8:]
    yield "cut in the header", whole[:200]
    yield "nothing but a header's length", whole[:8]


def json_text() -> Iterator[tuple[str, bytes]]:
    whole = Draft.fresh().bytes()
    length = struct.unpack_from("<I", whole, 4)[0]
    yield "a length that ends in the JSON", b"RIG1" + struct.pack("<I", length - 5) + whole[8:]
    yield "a length of nothing", b"RIG1" + struct.pack("<I", 0) + whole[8:]
    yield "not a number", rewritten(lambda text: text.replace('"gain":1.0', '"gain":NaN'))
    yield "infinity", rewritten(lambda text: text.replace('"intensity":1.0', '"intensity":Infinity'))
    yield "no UTF-8", Draft.fresh().bytes(b'{"version":1,"\xff":0}')
    yield "a list", Draft.fresh().bytes(b"[]")
    yield "null", Draft.fresh().bytes(b"null")


def version() -> Iterator[tuple[str, bytes]]:
    yield "version 2", placed("version", 2)
    yield "a version in words", placed("version", "1")
    yield "no version", removed("version")


def missing() -> Iterator[tuple[str, bytes]]:
    for path in ("frame", "head", "head.gain", "model.fold", "grid", "eyes", "eyes.1.box", "eyes.0.closes", "parts"):
        yield f"no {path}", removed(path)
    yield "a lid without lashes", removed("eyes.0.lid.lashes")
    yield "no fields", removed("parts.fields")
    yield "eyes without an atlas", removed("parts.atlas")


def out_of_range() -> Iterator[tuple[str, bytes]]:
    yield "a frame of a billion pixels", placed("frame", [1_000_000_000, 70])
    yield "a frame of half a pixel", placed("frame", [64.5, 70])
    yield "a negative frame", placed("frame", [-64, 70])
    yield "a frame of one side", placed("frame", [64])
    yield "a grid of another frame", placed("grid", [17, 19])
    yield "a step of nothing", placed("step", 0)
    yield "no supersampling", placed("supersampling", 0)
    yield "a number beyond all", rewritten(lambda text: text.replace('"intensity":1.0', '"intensity":1e999'))
    yield "a number of 4000 digits", placed("intensity", 10**4000)
    yield "an intensity of nothing", placed("intensity", 0)
    yield "a gain that folds", placed("head.gain", 40)
    yield "a camera in the head", placed("head.distance", 0)
    yield "a direction of no length", placed("head.right", [0, 0])
    yield "text for a number", placed("head.width", "30")
    yield "null for a number", placed("head.eyeSpan", None)
    yield "a list for the head", placed("head", [])
    yield "a number for yes", placed("alpha", 1)
    yield "three eyes", placed("eyes", Draft.fresh().json["eyes"] + Draft.fresh().json["eyes"][:1])
    yield "null for an eye", placed("eyes", [None, None])
    yield "a negative box", placed("eyes.0.box", [-20, 50, 60, 76])
    yield "an empty box", placed("eyes.0.box", [60, 50, 60, 76])
    yield "a box outside the picture", placed("eyes.1.box", [68, 50, 168, 76])
    yield "an iris of no radius", placed("eyes.0.radius", 0)
    yield "an iris that looks ahead outside its eye", placed("eyes.0.ahead", 40)
    yield "text for where an iris looks ahead", placed("eyes.0.ahead", "0")
    yield "a limbus softer than its eye is wide", placed("eyes.0.softness", 40.5)
    yield "a softness below none", placed("eyes.0.softness", -0.5)
    yield "an eye of no width", placed("eyes.0.width", 0)
    yield "an iris wider than its square", placed("eyes.0.reach", 60)
    yield "a list for a lid", placed("eyes.0.lid", [])
    yield "a lid of no height", placed("eyes.0.lid.place", [1, 30, 18, 0])
    yield "lashes of two colours", placed("eyes.0.lid.lashes", [0.5, 0.5])
    yield "lashes brighter than all", placed("eyes.0.lid.lashes", [0.5, 0.5, 2])
    yield "hair of no width", placed("eyes.0.over", [22, 30, 0, 8])
    yield "a white beside its box", placed("eyes.0.whiteAt", [30, 8])
    yield "a margin of one sample", placed("curve", 1)
    yield "a valley", with_planes(raised(0, -2))
    yield "a head up to the camera", with_planes(raised(0, 30_000))
    yield "brows beyond all", with_planes(raised(1, 300))


def parts() -> Iterator[tuple[str, bytes]]:
    whole = Draft.fresh().bytes()
    yield "cut in the last part", whole[:-40]
    yield "cut after the header", whole[: 8 + struct.unpack_from("<I", whole, 4)[0]]
    yield "a part before the first", placed("parts.atlas", [-8, 100])
    yield "a part beyond the end", placed("parts.fields", [1 << 30, 100])
    yield "a part of 2 GB", placed("parts.fields", [0, (1 << 31) - 1])
    yield "a part without a length", placed("parts.fields", [0])


def inflate() -> Iterator[tuple[str, bytes]]:
    yield "no deflate stream", with_fields(lambda fields: bytes(len(fields)))
    yield "an unfinished stream", with_fields(lambda fields: fields[: len(fields) // 2])
    yield "a wrong checksum", with_fields(lambda fields: fields[:-1] + bytes([fields[-1] ^ 1]))
    yield "bytes after the stream", with_fields(lambda fields: fields + b"more")
    yield "an empty stream", with_fields(lambda fields: b"")


def fields_length() -> Iterator[tuple[str, bytes]]:
    yield "a value too few", with_planes(lambda inflated: inflated.pop())
    yield "a value too many", with_planes(lambda inflated: inflated.append(0))
    yield "a bomb of 4 MB", with_fields(lambda fields: zlib.compress(bytes(1 << 22), 9))
    yield "margins of other lengths", placed("curve", 64)


def atlas() -> Iterator[tuple[str, bytes]]:
    yield "a PNG", with_atlas(lambda data: saved(data, "PNG"))
    yield "a lossy WebP", with_atlas(lambda data: saved(data, "WEBP", quality=50))
    yield "half a WebP", with_atlas(lambda data: data[: len(data) // 2])
    yield "a WebP of 268 megapixels", with_atlas(lambda data: declared(data, 16384, 16384))
    yield "an atlas of another size", with_atlas(lambda data: cut(data, (40, 20)))
    yield "an empty atlas", with_atlas(lambda data: b"")
    yield "a lid beyond the atlas", placed("eyes.0.lid.place", [1, 30, 18, 80])
    yield "hair beyond the atlas", placed("eyes.0.over", [22, 30, 20, 80])
    yield "a place at the very edge", placed("eyes.0.white", [0, 1, 26, 12])


def whole() -> Iterator[tuple[str, bytes]]:
    yield "undamaged", Draft.fresh().bytes()
    yield "keys that are not known", rewritten(lambda text: '{"later":[1],"eyesOpen":{},' + text[1:])
    yield "a part that is not known", placed("parts.hair", [0, 10])
    yield "bytes after the last part", Draft.fresh().bytes() + b"later"


KINDS: dict[str | None, Callable[[], Iterator[tuple[str, bytes]]]] = {
    None: whole,
    "too-short": too_short,
    "magic": magic,
    "header-length": header_length,
    "json": json_text,
    "version": version,
    "missing": missing,
    "range": out_of_range,
    "parts": parts,
    "inflate": inflate,
    "fields-length": fields_length,
    "atlas": atlas,
}


def made() -> list[Damaged]:
    return [Damaged(name, kind, data) for kind, make in KINDS.items() for name, data in make()]


if __name__ == "__main__":
    listed = [{"name": each.name, "kind": each.kind, "data": base64.b64encode(each.data).decode()} for each in made()]
    FILE.write_text(json.dumps(listed, indent=1) + "\n")
