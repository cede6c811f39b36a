"""The golden rig, a photo to go with it, and a canvas that shows both."""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.gaze import drawn as drawn_portrait
from tests.gaze.conftest import Js

Picture = NDArray[np.uint8]
Pose = dict[str, float]

GOLDEN = Path(__file__).parents[2] / "golden" / "rig.bin"
FRAME = (162, 203)

DRAW = """async ({ openRig }, { rig, photo, poses, size, quality }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const draw = await openRig(bytes(rig).buffer, new Blob([bytes(photo)]));
  const canvas = Object.assign(document.createElement('canvas'), { width: size[0], height: size[1] });
  return poses.map((pose) => {
    draw(canvas, pose, quality);
    return canvas.toDataURL('image/png').split(',')[1];
  });
}"""


class Drawn(Protocol):
    def __call__(
        self,
        *poses: Pose,
        rig: bytes | None = ...,
        photo: Picture | None = ...,
        size: tuple[int, int] = ...,
        **quality: Any,
    ) -> list[Picture]: ...


@cache
def usual_photo(width: int = 2 * FRAME[0], height: int = 2 * FRAME[1], channels: int = 3) -> Picture:
    """Noise that is smooth enough to be drawn at half its size, opaque."""
    noise = np.random.default_rng(0).integers(0, 256, (height // 8 + 2, width // 8 + 2, channels), np.uint8)
    picture = np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)).copy()
    if channels == 4:
        picture[..., 3] = 255
    return picture


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    """The golden rig with another header."""
    data = GOLDEN.read_bytes()
    (length,) = struct.unpack_from("<I", data, 4)
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return b"RIG1" + struct.pack("<I", len(text)) + text + data[8 + length :]


def look_aside(values: dict[str, Any]) -> None:
    """As if the photo looked to the left and up."""
    for each in values["eyes"]:
        each["ahead"] = each["iris"][0] + 0.1 * each["width"]
        each["photoY"] = -8


def header() -> dict[str, Any]:
    data = GOLDEN.read_bytes()
    values: dict[str, Any] = json.loads(data[8 : 8 + struct.unpack_from("<I", data, 4)[0]])
    return values


@pytest.fixture
def drawn(js: Js) -> Drawn:
    """Draws poses of a rig in a photo; (height, width, 4) RGBA of each."""

    def draw(
        *poses: Pose,
        rig: bytes | None = None,
        photo: Picture | None = None,
        size: tuple[int, int] = FRAME,
        **quality: Any,
    ) -> list[Picture]:
        file = io.BytesIO()
        Image.fromarray(usual_photo() if photo is None else photo).save(file, "PNG")
        arguments = {
            "rig": base64.b64encode(rig or GOLDEN.read_bytes()).decode(),
            "photo": base64.b64encode(file.getvalue()).decode(),
            "poses": poses,
            "size": size,
            "quality": quality,
        }
        pictures = js("rig/draw.js", DRAW, arguments)
        return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each))).convert("RGBA")) for each in pictures]

    return draw


def write_rig(
    folder: Path, *sheets: str, rig: bytes | None = None, formats: tuple[str, ...] = ("webp",), **changes: Any
) -> None:
    """A portrait of the golden rig, with these levels of drawn sheets and its photo in these formats."""
    picture = Image.fromarray(usual_photo())
    drawn_portrait.write_portrait(folder, *sheets)
    picture.resize(FRAME).save(folder / "poster.webp", quality=90)
    for name in formats:
        picture.save(folder / f"photo.{name}", quality=90)
    (folder / "rig.bin").write_bytes(rig or GOLDEN.read_bytes())
    levels = [rig_level(*formats), *map(drawn_portrait.level, sheets)]
    frame = {"width": FRAME[0], "height": FRAME[1]}
    (folder / "manifest.json").write_text(json.dumps(drawn_portrait.manifest(*levels, **{"frame": frame, **changes})))


def rig_level(*formats: str) -> dict[str, Any]:
    """As the manifest lists it."""
    return {
        "name": "rig",
        "kind": "rig",
        "rig": "rig.bin",
        "photo": {name: f"photo.{name}" for name in formats},
        "frame": {"width": 2 * FRAME[0], "height": 2 * FRAME[1]},
    }
