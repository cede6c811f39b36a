"""`make bench-warp`: how long until the face is alive, until everything is there, and what it costs."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpuworker.contract import SHEETS, RenderRequest
from gpuworker.rendering.process_pool import ProcessPool
from gpuworker.rendering.scheduler import render
from tests.bench.figures import Figure, publish
from tests.bench.photos import human_faces
from tests.bench.processes import proportional

RUNS = 3
ALIVE_BAR, EVERYTHING_BAR = 2.0, 20.0
MEMORY_BAR = 1.5
JACOBIAN_BAR = 0.25
PROC = Path("/proc/self/smaps_rollup")


@dataclass(frozen=True)
class Run:
    """One render on a warm pool. Seconds; bytes by level; GB of all processes together, 0 where unknown."""

    alive: float
    everything: float
    sizes: dict[str, int]
    peak: float


def main() -> None:
    photos = human_faces()
    with ProcessPool(size=2) as pool:
        pool.wait_ready()
        runs = {name: [_render(photo, pool) for _ in range(RUNS)] for name, photo in photos.items()}
    figures = [figure for name, own in runs.items() for figure in _timings(name, own)]
    figures += _stages(photos["astronaut"])
    figures += [figure for name, photo in photos.items() for figure in _geometry(name, photo)]
    publish("warp", figures)


def _render(photo: bytes, pool: ProcessPool) -> Run:
    with tempfile.TemporaryDirectory() as folder, _Memory(pool) as memory:
        start, alive = time.perf_counter(), 0.0
        for step in render(RenderRequest(photo=photo), Path(folder), pool):
            if step.manifest and not alive:
                alive = time.perf_counter() - start
        everything = time.perf_counter() - start
        sizes = {
            level: sum((Path(folder) / sheet).stat().st_size for sheet in sheets) for level, sheets in SHEETS.items()
        }
    return Run(alive, everything, sizes, memory.peak)


def _timings(name: str, runs: list[Run]) -> list[Figure]:
    median = statistics.median
    return [
        Figure.at_most(f"{name}: alive, warm worker", median(r.alive for r in runs), "s", ALIVE_BAR),
        Figure.at_most(f"{name}: all levels", median(r.everything for r in runs), "s", EVERYTHING_BAR),
        *_memory(name, max(run.peak for run in runs)),
        *(Figure.plain(f"{name}: {level}", size / 1e6, "MB") for level, size in runs[0].sizes.items()),
    ]


def _memory(name: str, peak: float) -> list[Figure]:
    if not peak:
        print(f"{name}: memory is not measured here; it needs Linux's /proc.")
        return []
    return [Figure.at_most(f"{name}: peak memory, all processes", peak, "GB", MEMORY_BAR)]


def _stages(photo: bytes) -> list[Figure]:
    """CPU ms a frame by stage, one thread, in this process."""
    report = _report(photo)
    return [Figure.plain(f"astronaut: CPU, {stage}", ms, "ms") for stage, ms in report["cpu_ms"].items()]


def _geometry(name: str, photo: bytes) -> list[Figure]:
    report = _report(photo)
    return [Figure.at_least(f"{name}: least Jacobian", report["least_jacobian"], "", JACOBIAN_BAR)]


def _report(photo: bytes) -> Mapping[str, Any]:
    import cv2

    from gpuworker.contract import STANDARD_FRAME
    from gpuworker.engines.warp.engine import WarpEngine
    from gpuworker.grid import FULL, Direction
    from gpuworker.images.photo import read
    from gpuworker.vision import faces, framing

    cv2.setNumThreads(1)
    picture = read(photo)
    face = faces.choose(faces.find(picture.pixels), None, picture.pixels.shape)
    engine = WarpEngine()
    engine.set_portrait(framing.frame_portrait(picture, face, STANDARD_FRAME, "auto"))
    for y in FULL.y:
        engine.render([Direction(x, y) for x in FULL.x])
    return engine.report


class _Memory:
    """Samples the proportional set size of this process and the pool; shared pages count once. Linux only."""

    def __init__(self, pool: ProcessPool) -> None:
        self._pids = [*pool.process_ids]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.peak = 0.0

    def _watch(self) -> None:
        while PROC.exists() and not self._stop.wait(0.02):
            self.peak = max(self.peak, sum(proportional(pid) for pid in ("self", *self._pids)) / 1e6)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


if __name__ == "__main__":
    main()
