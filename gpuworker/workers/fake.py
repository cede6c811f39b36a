"""Fake worker that renders nothing: the same steps, files and manifest in a millisecond.

For tests of a worker's callers. A picture is a WebP head of the right size, and every file has bytes that
depend on the photo and the name, so that those of another job are told apart. No rig of these can be drawn.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

from gpuworker import engines, grid
from gpuworker.contract import (
    PHOTO_NAMES,
    POSTER_NAME,
    RIG,
    RIG_NAME,
    SHEETS,
    Level,
    Manifest,
    Progress,
    RigLevel,
    Size,
    Stage,
    level_frame,
)
from gpuworker.errors import Cancelled
from gpuworker.images import webp
from gpuworker.workers.worker import Job, RenderedFile, Step

FILLING = 300
"""Number of times that a file repeats its 32 bytes."""


class FakeWorker:
    """Fake of a Worker.

    before_step: called with the number of each step before it is given; it may block, or raise RenderError.
    """

    def __init__(self, before_step: Callable[[int], None] = lambda number: None) -> None:
        self._before_step = before_step

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        """Steps, as Worker.render."""
        with tempfile.TemporaryDirectory(prefix="fake-") as name:
            for number, (progress, files) in enumerate(_steps(job)):
                self._before_step(number)
                if cancelled is not None and cancelled.is_set():
                    raise Cancelled
                yield Step(progress, tuple(_write(Path(name) / file, data) for file, data in files.items()))

    def close(self) -> None:
        """Nothing is held."""


def _steps(job: Job) -> Iterator[tuple[Progress, dict[str, bytes]]]:
    request = job.request
    wanted = engines.levels_of(request.engine, request.levels)
    levels = [level for name, level in grid.LEVELS.items() if name in wanted]
    manifest = Manifest(request.engine, request.frame)
    total = sum(level.rows * level.cols for level in levels if level.name != "mobile" or len(levels) == 1) or 1
    yield Progress("starting", 0, 0, "Starting"), {}
    yield Progress("analysing", 0, total, "Found the face", advice=("The face is a stand-in.",)), {}
    poster = {POSTER_NAME: _picture(job, POSTER_NAME, request.frame)}
    if RIG in wanted:
        rig, files = _rig(job)
        manifest = manifest.with_level(rig)
        yield Progress("preview", 0 if levels else 1, total, "Alive", manifest=manifest), poster | files
        poster = {}
    for level in levels:
        frame, names = level_frame(level.name, request.frame), SHEETS[level.name]
        rows, cols = (level.rows, level.cols) if len(names) == 1 else (level.rows // 2, level.cols // 2)
        size = Size(cols * frame.width, rows * frame.height)
        manifest = manifest.with_level(Level(level.name, level.x, level.y, frame, names))
        stage: Stage = "preview" if level.name == "preview" else "rendering"
        files = poster | {name: _picture(job, name, size) for name in names}
        yield Progress(stage, total // 2, total, f"Level {level.name} is there", manifest=manifest), files
        poster = {}
    yield Progress("done", total, total, "Done", manifest=replace(manifest, complete=True)), {}


def _rig(job: Job) -> tuple[RigLevel, dict[str, bytes]]:
    """Level of a rig, and its files."""
    frame, photo = job.request.frame, PHOTO_NAMES["webp"]
    size = Size(2 * frame.width, 2 * frame.height)
    files = {RIG_NAME: _filling(job, RIG_NAME), photo: _picture(job, photo, size)}
    return RigLevel(RIG, RIG_NAME, {"webp": photo}, size), files


def _picture(job: Job, name: str, size: Size) -> bytes:
    return webp.head(size) + _filling(job, name)


def _filling(job: Job, name: str) -> bytes:
    return hashlib.sha256(job.request.photo + name.encode()).digest() * FILLING


def _write(path: Path, data: bytes) -> RenderedFile:
    path.write_bytes(data)
    return RenderedFile.at(path)
