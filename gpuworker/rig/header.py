"""JSON of a rig ↔ its values, each of which is checked before it is used.

Integers may be written as 10.0, which JavaScript cannot tell from 10. What is not known is ignored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NoReturn

from gpuworker.contract import MAX_INTENSITY, MAX_SIDE, MIN_FRAME_SIDE, MIN_INTENSITY, Size
from gpuworker.rig.damage import DamagedRig
from gpuworker.rig.model import CURVE, STEP, Pair, Place, Rig, RigEye, RigHead, RigLid, RigMotion, grid_size

VERSION = 1
MOST_SUPERSAMPLING = 4
MOST_SAMPLES = 257
"""Samples of a lid margin."""
MOST_ATLAS_SIDE = 2048
"""Pixels; what every WebGL 2 takes."""
LEAST_EYE, MOST_EYE = 16.0, float(MAX_SIDE * MOST_SUPERSAMPLING)
"""Source pixels between the corners of an eye."""
YAW_MORE = (1.0, 2.0)
MOST_PHOTO_Y = 60.0
"""Grid units up or down that an eye may look in the photo."""
FAR = 5120.0
"""Pixels: no place in or around a picture is farther out."""
UNIT_LENGTH = 1e-3
"""Tolerance of a unit vector's length."""

HEAD = {
    "width": (8.0, 4096.0),
    "eyeSpan": (4.0, 4096.0),
    "distance": (64.0, 16384.0),
    "gain": (0.2, 1.0),
    "yawGain": (0.4, 1.0),
}
MOTION = {
    "travelV": (0.0, 0.02),
    "upperTravel": (0.0, 0.02),
    "lowerTravel": (0.0, 0.02),
    "fold": (0.1, 1.0),
    "lashes": (0.0, 0.2),
    "lowerMargin": (0.0, 0.2),
    "shadow": (0.0, 1.0),
    "shadowDepth": (0.01, 1.0),
    "ball": (1.0, 10.0),
    "restReach": (0.1, 30.0),
    "browRaise": (0.0, 0.02),
    "inPlane": (0.01, 2.0),
}
"""Ranges of plain numbers, ends included."""


@dataclass(frozen=True, slots=True)
class Header:
    """The values of the JSON header, without the binary parts: the margins of an eye are still missing."""

    frame: Size
    supersampling: int
    alpha: bool
    intensity: float
    head: RigHead
    motion: RigMotion
    height_unit: float
    curve: int
    curve_unit: float
    eyes: tuple[dict[str, Any], ...]
    parts: dict[str, tuple[int, int]]


class CheckedObject:
    """JSON object that hands out values of the right type and range. Raises DamagedRig, `missing` or `range`."""

    def __init__(self, values: Any, path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise DamagedRig("range", f"{path} is no object")
        self._values, self._path = values, path

    def _take(self, key: str) -> Any:
        if key not in self._values:
            raise DamagedRig("missing", f"{self._path}{key}")
        return self._values[key]

    def _refuse(self, key: str, value: object) -> NoReturn:
        raise DamagedRig("range", f"{self._path}{key} is {str(value)[:60]}")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def inner(self, key: str) -> CheckedObject:
        return CheckedObject(self._take(key), f"{self._path}{key}.")

    def items(self, key: str, counts: tuple[int, ...]) -> list[Any]:
        """A list of one of the allowed lengths."""
        value = self._take(key)
        if not isinstance(value, list) or len(value) not in counts:
            self._refuse(key, value)
        return value

    def flag(self, key: str) -> bool:
        value = self._take(key)
        if not isinstance(value, bool):
            self._refuse(key, value)
        return value

    def number(self, key: str, low: float, high: float) -> float:
        return self._number(key, self._take(key), low, high)

    def integer(self, key: str, low: int, high: int) -> int:
        return self._integer(key, self._take(key), low, high)

    def numbers(self, key: str, count: int, low: float, high: float) -> tuple[float, ...]:
        return tuple(self._number(key, value, low, high) for value in self.items(key, (count,)))

    def pair(self, key: str, low: float, high: float) -> Pair:
        first, second = self.numbers(key, 2, low, high)
        return first, second

    def unit_vector(self, key: str) -> Pair:
        vector = self.pair(key, -1.0 - UNIT_LENGTH, 1.0 + UNIT_LENGTH)
        if abs(math.hypot(*vector) - 1) > UNIT_LENGTH:
            self._refuse(key, vector)
        return vector

    def integers(self, key: str, count: int, low: int, high: int) -> tuple[int, ...]:
        return tuple(self._integer(key, value, low, high) for value in self.items(key, (count,)))

    def place(self, key: str) -> Place:
        """A rectangle in the atlas; whether the atlas is that large is checked with the atlas."""
        x, y, width, height = self.integers(key, 4, 0, MOST_ATLAS_SIDE)
        if width < 1 or height < 1:
            self._refuse(key, (x, y, width, height))
        return x, y, width, height

    def _number(self, key: str, value: Any, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self._refuse(key, value)
        return float(value)

    def _integer(self, key: str, value: Any, low: int, high: int) -> int:
        number = self._number(key, value, low, high)
        if not number.is_integer():
            self._refuse(key, value)
        return int(number)


def loads(text: bytes) -> Header:
    """Raises DamagedRig: `json`, `version`, `missing`, `range`, `parts`."""
    values = _json(text)
    if values.get("version") != VERSION or isinstance(values["version"], bool):
        raise DamagedRig("version", str(values.get("version"))[:60])
    top = CheckedObject(values)
    frame = Size(*top.integers("frame", 2, MIN_FRAME_SIDE, MAX_SIDE))
    if top.integers("grid", 2, 1, MAX_SIDE) != grid_size(frame) or top.integer("step", 1, MAX_SIDE) != STEP:
        raise DamagedRig("range", f"the grid does not fit a frame of {frame}")
    supersampling = top.integer("supersampling", 1, MOST_SUPERSAMPLING)
    source = Size(frame.width * supersampling, frame.height * supersampling)
    eyes = tuple(_eye(CheckedObject(eye, "eyes: "), source) for eye in top.items("eyes", (0, 1, 2)))
    return Header(
        frame=frame,
        supersampling=supersampling,
        alpha=top.flag("alpha"),
        intensity=top.number("intensity", MIN_INTENSITY, MAX_INTENSITY),
        head=_head(top.inner("head")),
        motion=RigMotion(**{_snake(key): top.inner("model").number(key, *MOTION[key]) for key in MOTION}),
        height_unit=top.number("heightUnit", 1 / 1024, 1),
        curve=top.integer("curve", 2, MOST_SAMPLES),
        curve_unit=top.number("curveUnit", 1 / 1024, 1),
        eyes=eyes,
        parts={name: _span(top.inner("parts"), name) for name in ("fields", "atlas")[: 2 if eyes else 1]},
    )


def _json(text: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        values = json.loads(text.decode(), parse_constant=refuse, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise DamagedRig("json", str(error)) from None
    if not isinstance(values, dict):
        raise DamagedRig("json", "no object")
    return values


def _integer(digits: str) -> float:
    """The number that JavaScript reads: Python refuses an integer of thousands of digits."""
    return int(digits) if len(digits) < 20 else float(digits)


def _head(head: CheckedObject) -> RigHead:
    return RigHead(
        centre=head.pair("centre", -FAR, FAR),
        right=head.unit_vector("right"),
        yaw_more=head.pair("yawMore", *YAW_MORE) if "yawMore" in head else (1.0, 1.0),
        **{_snake(key): head.number(key, *HEAD[key]) for key in HEAD},
    )


def _eye(eye: CheckedObject, source: Size) -> dict[str, Any]:
    """Keyword arguments of RigEye but for its margins."""
    width = eye.number("width", LEAST_EYE, MOST_EYE)
    reach = eye.integer("reach", 1, MOST_ATLAS_SIDE // 2)
    iris = eye.pair("iris", -width, width)
    values = {
        "box": _box(eye, source),
        "middle": eye.pair("middle", -FAR, FAR),
        "along": eye.unit_vector("along"),
        "width": width,
        "inner": eye.integer("inner", -1, 1),
        "iris": iris,
        "ahead": eye.number("ahead", -width, width) if "ahead" in eye else iris[0],
        "photo_y": eye.number("photoY", -MOST_PHOTO_Y, MOST_PHOTO_Y) if "photoY" in eye else 0.0,
        "radius": eye.number("radius", 1, width),
        "softness": eye.number("softness", 0, width) if "softness" in eye else 0.0,
        "travel": eye.pair("travel", 0, 1),
        "white": eye.place("white"),
        "white_at": eye.integers("whiteAt", 2, 0, max(source.width, source.height)),
        "texture": eye.place("texture"),
        "reach": reach,
        "closes": eye.flag("closes"),
        "lid": _lid(eye.inner("lid")) if "lid" in eye else None,
        "over": eye.place("over") if "over" in eye else None,
    }
    _demand_fitting(values)
    return values


def _lid(lid: CheckedObject) -> RigLid:
    red, green, blue = lid.numbers("lashes", 3, 0, 1)
    x, y = lid.integers("at", 2, 0, int(MOST_EYE))
    return RigLid(lid.place("place"), (x, y), (red, green, blue))


def _box(eye: CheckedObject, source: Size) -> Place:
    x0, y0, x1, y1 = eye.integers("box", 4, 0, max(source.width, source.height))
    if not (x0 < x1 <= source.width and y0 < y1 <= source.height):
        raise DamagedRig("range", f"eyes: box is {x0}, {y0}, {x1}, {y1} in a picture of {source}")
    return x0, y0, x1, y1


def _demand_fitting(eye: Mapping[str, Any]) -> None:
    """Checks the values of an eye against each other. Raises DamagedRig."""
    x0, y0, x1, y1 = eye["box"]
    (dx, dy), (_, _, width, height) = eye["white_at"], eye["white"]
    if dx + width > x1 - x0 or dy + height > y1 - y0:
        raise DamagedRig("range", "eyes: the white leaves its box")
    if {*eye["texture"][2:]} != {2 * eye["reach"] + 1}:
        raise DamagedRig("range", "eyes: texture is no square of twice its reach and one")
    if eye["inner"] == 0:
        raise DamagedRig("range", "eyes: inner is 0")


def _span(parts: CheckedObject, name: str) -> tuple[int, int]:
    try:
        offset, length = parts.integers(name, 2, 0, 1 << 31)
    except DamagedRig as error:
        raise (error if error.kind == "missing" else DamagedRig("parts", str(error))) from None
    return offset, length


def dumps(rig: Rig, parts: Mapping[str, tuple[int, int]]) -> bytes:
    """The JSON of a rig whose parts lie at these offsets and lengths."""
    values = {
        "version": VERSION,
        "frame": [rig.frame.width, rig.frame.height],
        "supersampling": rig.supersampling,
        "alpha": rig.alpha,
        "intensity": rig.intensity,
        "head": _as_json(rig.head),
        "grid": grid_size(rig.frame),
        "step": STEP,
        "heightUnit": rig.height_unit,
        "curve": len(rig.eyes[0].upper) if rig.eyes else CURVE,
        "curveUnit": rig.curve_unit,
        "model": _as_json(rig.motion),
        "eyes": [_eye_as_json(eye) for eye in rig.eyes],
        "parts": parts,
    }
    return json.dumps(values, separators=(",", ":"), allow_nan=False).encode()


def _eye_as_json(eye: RigEye) -> dict[str, Any]:
    lid = {"lid": _as_json(eye.lid)} if eye.lid else {}
    over = {"over": eye.over} if eye.over else {}
    return {**_as_json(eye, without=("upper", "lower", "lid", "over")), **lid, **over}


def _as_json(values: RigHead | RigMotion | RigEye | RigLid, without: tuple[str, ...] = ()) -> dict[str, Any]:
    names = [field.name for field in fields(values) if field.name not in without]
    return {_camel(name): getattr(values, name) for name in names}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
