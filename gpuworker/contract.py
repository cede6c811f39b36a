"""Input and output of a render: RenderRequest, Progress, Manifest.

Standard library only. The manifest's reader in JavaScript (static/gaze/manifest.js) and this one
share tests/golden/manifest.json; a change to one is a change to all three.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gpuworker import grid
from gpuworker.errors import BadRequest

MANIFEST_VERSION = 1
MANIFEST_NAME = "manifest.json"
POSTER_NAME = "poster.webp"
CARD_NAME = "card.webp"
"""The poster on a ground of its own, where it is transparent: for link previews, which fill in black or white."""


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @classmethod
    def parse(cls, text: str) -> Size:
        """`410x512`; raises BadRequest."""
        match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text.lower())
        if match is None:
            raise BadRequest(f"“{text}” is not a size; write it like 410x512.")
        return cls(int(match[1]), int(match[2]))


MAX_PHOTO_BYTES = 25 << 20
"""Largest photo that the site takes and the worker is sent."""

STANDARD_FRAME = Size(410, 512)
LARGE_FRAME = Size(512, 640)
MIN_FRAME_SIDE = 64
"""Pixels."""
MIN_FRAMED_WIDTH = 40.0
"""Pixels of the frame; a narrower face shows no gaze."""
MIN_LARGE_WIDTH = 130.0
"""Pixels of the photo; a frame above the standard size adds nothing to a narrower face."""
FACE_MARGIN = 0.06
"""Room around the silhouette in an adjusted crop, in face widths: a face cut by the frame folds."""
MAX_SIDE = max(LARGE_FRAME.width, LARGE_FRAME.height)
"""Longest side of a frame, in pixels. A quadrant of larger ones would not fit the memory that a small host has."""

SHEETS = {
    "preview": ("preview.webp",),
    "mobile": ("q0_20.webp", "q1_20.webp", "q2_20.webp", "q3_20.webp"),
    "full": ("q0.webp", "q1.webp", "q2.webp", "q3.webp"),
}
"""Sheet names by level; names and quadrants are the original app's, so that its users' pages work."""
ALL_SHEETS = {"draft": ("draft.webp",), **SHEETS}
"""Those of grid.ALL_LEVELS."""

RIG = "rig"
"""The level without frames: the photo, and what a reader needs to draw it in any direction (docs/rig.md)."""
RIG_NAME = "rig.bin"
PHOTO_NAMES = {"webp": "photo.webp", "avif": "photo.avif"}
"""Names of the rig's photo by format. Every rig has the first; the second only where it is smaller."""

LEVELS = (RIG, *grid.ALL_LEVELS)
"""Levels that may be asked for, in the order in which a manifest lists them."""
DEFAULT_LEVELS = (RIG, *grid.LEVELS)


def without_rig(levels: Sequence[str]) -> tuple[str, ...]:
    """Levels that are made in place of these where the photo's rig cannot be packed: all sheets for a rig alone."""
    return tuple(name for name in levels if name != RIG) or tuple(grid.LEVELS)


def level_frame(level: str, frame: Size) -> Size:
    """A level's own frame size: the preview has half the pixels on each side."""
    return Size(round(frame.width / 2), round(frame.height / 2)) if level == "preview" else frame


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright upload; x, y is its top-left corner."""

    x: float
    y: float
    width: float
    height: float

    def to_json(self) -> dict[str, float]:
        return {
            "x": round(self.x, 1),
            "y": round(self.y, 1),
            "width": round(self.width, 1),
            "height": round(self.height, 1),
        }

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 … 1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        return shared / (self.width * self.height + other.width * other.height - shared)

    @classmethod
    def parse(cls, text: str) -> Box:
        """`x,y,width,height`; raises BadRequest."""
        try:
            x, y, width, height = (_number(part) for part in text.split(","))
        except ValueError:
            raise BadRequest(f"“{text}” is not a crop; write it like 120,40,600,750.") from None
        if width <= 0 or height <= 0:
            raise BadRequest("The crop must be wider and higher than nothing.")
        return cls(x, y, width, height)


Framing = Literal["auto", "whole"] | Box
"""Head and shoulders by rule, the whole picture, or a crop that a person adjusted."""

MIN_INTENSITY, MAX_INTENSITY = 0.25, 1.5


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One pass of one engine over one photo.

    photo: the encoded picture, as uploaded or normalised.
    face: index into the faces found, largest first; None demands exactly one.
    face_box: where that face lies, which decides; `face` counts when there is none.
    levels: which levels to make, a subset of LEVELS; the rig is made first, then sheets coarse to fine.
    intensity: scales every direction, MIN_INTENSITY … MAX_INTENSITY.
    remove_background: frames show the person alone, with alpha.
    Raises BadRequest when an option is unknown or out of range.
    """

    photo: bytes
    framing: Framing = "auto"
    face: int | None = None
    face_box: Box | None = None
    frame: Size = STANDARD_FRAME
    levels: tuple[str, ...] = DEFAULT_LEVELS
    engine: str = "warp"
    intensity: float = 1.0
    remove_background: bool = False

    def __post_init__(self) -> None:
        unknown = [name for name in self.levels if name not in LEVELS]
        if unknown or not self.levels:
            raise BadRequest(f"The levels are {', '.join(LEVELS)}; “{', '.join(unknown)}” is not one of them.")
        if not MIN_INTENSITY <= self.intensity <= MAX_INTENSITY:
            raise BadRequest(f"The intensity goes from {MIN_INTENSITY} to {MAX_INTENSITY}.")
        if min(self.frame.width, self.frame.height) < 64 or max(self.frame.width, self.frame.height) > MAX_SIDE:
            raise BadRequest(f"A frame has 64 to {MAX_SIDE} pixels on each side.")
        if self.frame.width * self.frame.height > LARGE_FRAME.width * LARGE_FRAME.height:
            raise BadRequest(f"A frame has at most as many pixels as {LARGE_FRAME}.")
        if self.face is not None and self.face < 0:
            raise BadRequest("Faces are counted from 0.")


Stage = Literal["starting", "analysing", "preview", "rendering", "done"]
TileState = Literal["pending", "rendering", "encoding", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a render. `current` of `total` counts rendered frames.

    tiles: state of each sheet by file name, in the order of making.
    files: names that are whole and in place since the step before.
    manifest: the manifest as it now stands, when it changed.
    advice: sentences for the person about this photo, once, after analysis.
    """

    stage: Stage
    current: int
    total: int
    message: str
    tiles: Mapping[str, TileState] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    manifest: Manifest | None = None
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """Level of sheets. One sheet holds the whole grid; four tile it in quadrants q0 … q3."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    frame: Size
    sheets: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that it lists."""
        return self.sheets

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": "sheets",
            "rows": len(self.y),
            "cols": len(self.x),
            "x": [round(v, 4) for v in self.x],
            "y": [round(v, 4) for v in self.y],
            "frame": {"width": self.frame.width, "height": self.frame.height},
            "sheets": list(self.sheets),
        }


@dataclass(frozen=True, slots=True)
class RigLevel:
    """Level of a rig and its photo.

    photo: file names by format, those of PHOTO_NAMES; webp is always there.
    frame: size of the photo, at most twice the manifest's frame and never more than the upload has.
    """

    name: str
    rig: str
    photo: Mapping[str, str]
    frame: Size

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that it lists."""
        return (self.rig, *self.photo.values())

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": "rig",
            "rig": self.rig,
            "photo": dict(self.photo),
            "frame": {"width": self.frame.width, "height": self.frame.height},
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """List of what a reader may load right now. Only files that are whole are listed; `complete` comes last."""

    engine: str
    frame: Size
    poster: str = POSTER_NAME
    alpha: bool = False
    synthetic: bool = True
    complete: bool = False
    levels: tuple[Level | RigLevel, ...] = ()

    def with_level(self, level: Level | RigLevel) -> Manifest:
        """This manifest with one more level, or a new state of one that it has; in the order of LEVELS."""
        others = (each for each in self.levels if each.name != level.name)
        levels = sorted((*others, level), key=lambda each: LEVELS.index(each.name))
        return replace(self, levels=tuple(levels))

    def to_json(self) -> dict[str, Any]:
        return {
            "version": MANIFEST_VERSION,
            "engine": self.engine,
            "synthetic": self.synthetic,
            "grid": {
                "rows": grid.FULL_STEPS,
                "cols": grid.FULL_STEPS,
                "x": [-grid.LIMIT, grid.LIMIT],
                "y": [-grid.LIMIT, grid.LIMIT],
            },
            "frame": {"width": self.frame.width, "height": self.frame.height},
            "alpha": self.alpha,
            "poster": self.poster,
            "complete": self.complete,
            "levels": [level.to_json() for level in self.levels],
        }

    def dumps(self) -> str:
        return json.dumps(self.to_json(), separators=(",", ":")) + "\n"

    @classmethod
    def loads(cls, text: str) -> Manifest:
        """Read a manifest; levels of a kind that this version does not know are left out.

        Raises ValueError when it is not a manifest of this version.
        """
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("version") != MANIFEST_VERSION:
            raise ValueError("not a manifest of version 1")
        try:
            return cls(
                engine=str(data["engine"]),
                frame=_size(data["frame"]),
                poster=_file_name(data["poster"]),
                alpha=bool(data["alpha"]),
                synthetic=bool(data["synthetic"]),
                complete=bool(data["complete"]),
                levels=tuple(_LEVEL_READERS[each["kind"]](each) for each in data["levels"] if _is_known(each)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"manifest lacks or garbles {error}") from error


def with_file_names(manifest: Mapping[str, Any], named: Callable[[str], str]) -> dict[str, Any]:
    """A manifest's JSON in which each file has the name that `named` gives it; the rest is left as it is."""
    levels = [_level_with_file_names(level, named) for level in manifest["levels"]]
    return {**manifest, "poster": named(manifest["poster"]), "levels": levels}


def _level_with_file_names(level: Mapping[str, Any], named: Callable[[str], str]) -> dict[str, Any]:
    if level["kind"] == "rig":
        photo = {format: named(name) for format, name in level["photo"].items()}
        return {**level, "rig": named(level["rig"]), "photo": photo}
    return {**level, "sheets": [named(name) for name in level["sheets"]]}


def _size(data: Mapping[str, Any]) -> Size:
    return Size(_length(data["width"]), _length(data["height"]))


def _length(value: Any) -> int:
    """A number of pixels. Raises ValueError."""
    number = _number(value)
    if number < 1 or not number.is_integer():
        raise ValueError(f"{value!r} is not a number of pixels")
    return int(number)


def _number(value: Any) -> float:
    """A finite number: Python would also read nan, and 1e999 as infinity. Raises ValueError."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a number")
    return number


def _file_name(name: Any) -> str:
    """A plain file name: nothing that leaves the manifest's own folder."""
    if not isinstance(name, str) or not name or name.startswith(".") or set(name) & set('/\\:?#"<>'):
        raise ValueError(f"{name!r} is not a plain file name")
    return name


def _level(data: Mapping[str, Any]) -> Level:
    level = Level(
        name=str(data["name"]),
        x=tuple(_number(v) for v in data["x"]),
        y=tuple(_number(v) for v in data["y"]),
        frame=_size(data["frame"]),
        sheets=tuple(_file_name(name) for name in data["sheets"]),
    )
    if (
        not level.x
        or not level.y
        or len(level.x) != data["cols"]
        or len(level.y) != data["rows"]
        or len(level.sheets) not in (1, 4)
    ):
        raise ValueError(f"level {level.name} does not fit its own grid")
    return level


def _rig_level(data: Mapping[str, Any]) -> RigLevel:
    photo = data["photo"]
    names = {format: _file_name(photo[format]) for format in PHOTO_NAMES if format in photo}
    if "webp" not in names:
        raise ValueError("a rig's photo has no webp")
    return RigLevel(str(data["name"]), _file_name(data["rig"]), names, _size(data["frame"]))


_LEVEL_READERS: dict[str, Callable[[Mapping[str, Any]], Level | RigLevel]] = {"sheets": _level, "rig": _rig_level}


def _is_known(level: Mapping[str, Any]) -> bool:
    return level["kind"] in _LEVEL_READERS
