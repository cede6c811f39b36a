"""Contact sheets: what a person looks at to judge an engine on a portrait.

`directions` shows 3×5 whole frames; `eyes` the same directions' eye regions at 1:1, above them the
photo's own at the same size. Both are what a visitor sees: drawn by the element's shader where a Chromium is at hand.
`blinks`, which the shader alone can draw, shows the eyes from open to closed, at 1:1 and at three times the size.
"""

from __future__ import annotations

import io
from itertools import product
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker import engines
from gpuworker.cli import shader_frames
from gpuworker.cli.shader_frames import ShaderUnavailableError
from gpuworker.contract import RenderRequest, Size
from gpuworker.engines import Engine, Rigger
from gpuworker.grid import LIMIT, NEUTRAL, Direction
from gpuworker.rendering import rig_photo
from gpuworker.rig import rig_file
from gpuworker.vision import preparation
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.topology import OUTER_CORNERS
from gpuworker.whole_file import make_folder, write_whole

ROWS = (-LIMIT, 0.0, LIMIT)
BLINK = (0.0, 0.25, 0.5, 0.75, 1.0)
ENLARGED = 3
COLUMNS = (-LIMIT, -LIMIT / 2, 0.0, LIMIT / 2, LIMIT)


class ContactSheets(NamedTuple):
    """Pictures that were written, and by what they were drawn."""

    directions: Path
    eyes: Path
    drawn_by: str
    """A sentence."""
    blinks: Path | None = None
    """Without the shader, or with a portrait that does not blink, there is none."""


def write(request: RenderRequest, out: Path) -> ContactSheets:
    """Write contact.png and eyes.png into the folder. Raises RenderError."""
    portrait = preparation.prepare(request).portrait
    engine = engines.create(request.engine)
    engine.set_portrait(portrait, request.intensity)
    frames, drawn_by = _frames(engine, portrait, request.intensity)
    make_folder(out)
    sheets = ContactSheets(out / "contact.png", out / "eyes.png", drawn_by)
    for path, pixels in zip(sheets[:2], composed(portrait, frames), strict=True):
        write_whole(path, png(pixels))
    blink = _blink(engine, portrait)
    if blink is None:
        return sheets
    write_whole(out / "blinks.png", png(blink))
    return sheets._replace(blinks=out / "blinks.png")


def _blink(engine: Engine, portrait: FramedPortrait) -> NDArray[np.uint8] | None:
    """Eye regions from open to closed, a stage a column: at 1:1, and below them enlarged."""
    rig = engine.rig() if isinstance(engine, Rigger) else None
    if rig is None or not any(eye.closes for eye in rig.eyes):
        return None
    photo, data = rig_photo.webp(rig_photo.photo_of(portrait)), rig_file.dumps(rig)
    rows = []
    try:
        for times in (1, ENLARGED):
            size = Size(portrait.frame.width * times, portrait.frame.height * times)
            frames = shader_frames.draw(data, photo, [NEUTRAL] * len(BLINK), size, BLINK)
            rows.append(_tiled(frames[..., :3][:, *_eye_window(portrait.landmarks * times, frames.shape[1:3])]))
    except ShaderUnavailableError:
        return None
    small, large = rows
    beside = large.shape[1] - small.shape[1]
    return np.vstack([np.pad(small, ((0, 0), (0, beside), (0, 0))), large])


def directions() -> list[Direction]:
    """Those of both sheets, row by row."""
    return [Direction(x, y) for y, x in product(ROWS, COLUMNS)]


def composed(portrait: FramedPortrait, frames: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pixels of the sheet of directions and of the sheet of eyes, from a frame (H, W, 3 or 4) of each direction."""
    window = _eye_window(portrait.landmarks, frames.shape[1:3])
    photo_row = np.repeat(_photo(portrait)[None], len(COLUMNS), axis=0)
    eyes = np.concatenate([photo_row, frames[..., :3]])[:, *window]
    return _tiled(frames), _tiled(eyes)


def _frames(engine: Engine, portrait: FramedPortrait, intensity: float) -> tuple[NDArray[np.uint8], str]:
    """Frames of all directions, and a sentence about what drew them."""
    looks = directions()
    why = f"the engine {engine.name} has no rig"
    if isinstance(engine, Rigger):
        photo = rig_photo.webp(rig_photo.photo_of(portrait))
        try:
            frames = shader_frames.draw(rig_file.dumps(engine.rig()), photo, looks, portrait.frame)
        except ShaderUnavailableError as error:
            why = str(error)
        else:
            return frames, "Drawn by the element's shader in Chromium."
    return engine.render([look.scaled(intensity) for look in looks]), f"Drawn by the engine {engine.name}: {why}."


def png(pixels: NDArray[np.uint8]) -> bytes:
    """An encoded picture of pixels (H, W, 3 or 4)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _photo(portrait: FramedPortrait) -> NDArray[np.uint8]:
    """The photo itself at frame size, (H, W, 3)."""
    size = portrait.frame.width, portrait.frame.height
    return np.asarray(cv2.resize(portrait.picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _tiled(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, H, W, C) → one picture, len(COLUMNS) frames a row."""
    n, height, width, channels = frames.shape
    rows = frames.reshape(n // len(COLUMNS), len(COLUMNS), height, width, channels)
    return rows.swapaxes(1, 2).reshape(-1, len(COLUMNS) * width, channels)


def _eye_window(landmarks: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Both eyes with their brows, in frame pixels; wide enough for every direction."""
    left, right = landmarks[list(OUTER_CORNERS), :2]
    middle, span = (left + right) / 2, float(np.linalg.norm(right - left))
    x0, y0 = np.maximum(0, np.floor(middle - np.array([0.8, 0.5]) * span)).astype(int)
    x1, y1 = np.minimum([shape[1], shape[0]], np.ceil(middle + np.array([0.8, 0.4]) * span)).astype(int)
    return slice(int(y0), int(y1)), slice(int(x0), int(x1))
