"""Contact sheets: what a person looks at to judge an engine on a portrait.

`directions` shows 3×5 whole frames; `eyes` the same directions' eye regions at 1:1, above them the
photo's own.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker import engines, faces, framing, photo
from gpuworker.contract import RenderRequest
from gpuworker.grid import LIMIT, NEUTRAL, Direction
from gpuworker.topology import OUTER_CORNERS

ROWS = (-LIMIT, 0.0, LIMIT)
COLUMNS = (-LIMIT, -LIMIT / 2, 0.0, LIMIT / 2, LIMIT)


def write(request: RenderRequest, out: Path) -> tuple[Path, Path]:
    """Write contact.png and eyes.png into the folder and return their paths. Raises RenderError."""
    picture = photo.read(request.photo)
    face = faces.choose(faces.find(picture.pixels), request.face, picture.pixels.shape)
    portrait = framing.frame_portrait(picture, face, request.frame, request.framing)
    engine = engines.create(request.engine)
    engine.set_portrait(portrait, request.intensity)
    looks = [Direction(x, y).scaled(request.intensity) for y, x in product(ROWS, COLUMNS)]
    frames = engine.render(looks)
    rest = engine.render([NEUTRAL])
    out.mkdir(parents=True, exist_ok=True)
    paths = out / "contact.png", out / "eyes.png"
    Image.fromarray(_tiled(frames)).save(paths[0])
    window = _eye_window(portrait.landmarks, frames.shape[1:3])
    photo_row = np.repeat(rest, len(COLUMNS), axis=0)
    Image.fromarray(_tiled(np.concatenate([photo_row, frames])[:, *window])).save(paths[1])
    return paths


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
