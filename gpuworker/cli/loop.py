"""A moving picture of a portrait: the gaze wanders once around and comes back, as one animated WebP."""

from __future__ import annotations

import io
import math
from pathlib import Path

from PIL import Image

from gpuworker import engines
from gpuworker.contract import RenderRequest
from gpuworker.errors import BadRequest
from gpuworker.grid import LIMIT, Direction
from gpuworker.rendering.sheets import SYNTHETIC_XMP
from gpuworker.vision import preparation
from gpuworker.whole_file import write_whole

FRAMES = 72
FRAME_MS = 50
REACH = 0.95
QUALITY = 72
MIN_WIDTH, MAX_WIDTH = 32, 1024


def write(request: RenderRequest, path: Path, width: int) -> None:
    """Write the loop, `width` pixels wide, endless. Raises RenderError."""
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise BadRequest(f"The moving picture is {MIN_WIDTH} to {MAX_WIDTH} pixels wide.")
    portrait = preparation.prepare(request).portrait
    engine = engines.create(request.engine)
    engine.set_portrait(portrait, request.intensity)
    size = width, round(width * portrait.frame.height / portrait.frame.width)
    looks = [path_at(i / FRAMES).scaled(request.intensity) for i in range(FRAMES)]
    images = [Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS) for frame in engine.render(looks)]
    options = {"quality": QUALITY, "method": 4, "duration": FRAME_MS, "loop": 0, "xmp": SYNTHETIC_XMP}
    moving = io.BytesIO()
    images[0].save(moving, "WEBP", save_all=True, append_images=images[1:], **options)
    write_whole(path, moving.getbuffer())


def path_at(share: float) -> Direction:
    """A closed figure of eight through the middle, share 0 … 1 of the way round."""
    angle = 2 * math.pi * share
    return Direction(REACH * LIMIT * math.sin(angle), -REACH * LIMIT * math.sin(2 * angle))
