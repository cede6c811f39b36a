"""`make bench-rig`: what a first sight costs the one warm process that makes it, over many photos in a row."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from gpuworker.contract import RIG, RenderRequest
from gpuworker.workers.worker import Job, LocalWorker
from tests.bench.figures import Figure, publish
from tests.bench.processes import proportional
from tests.gpuworker.pictures import encoded

PHOTOS = 60
CPU_BAR, ALIVE_BAR = 0.6, 0.4


def main() -> None:
    worker = LocalWorker(size=1)
    worker.wait_ready()
    assert worker._pool is not None
    (process,) = worker._pool.process_ids
    warm = proportional(process)
    try:
        runs = [_alive(worker, process, photo) for photo in _photos()]
    finally:
        after = proportional(process)
        worker.close()
    seconds, cpu, sizes = zip(*runs, strict=True)
    publish(
        "rig",
        [
            Figure.at_most("photo → alive, median", statistics.median(seconds), "s", ALIVE_BAR),
            Figure.at_most("CPU seconds until alive, mean", statistics.mean(cpu), "s", CPU_BAR),
            Figure.plain("files of a portrait, median", statistics.median(sizes) / 1e3, "KB"),
            Figure.plain("memory of the process, warm", warm / 1e3, "MB"),
            Figure.plain("memory of the process, afterwards", after / 1e3, "MB"),
        ],
    )


def _photos() -> Iterator[bytes]:
    """The astronaut in other sizes and lights, mirrored every second time, with a grain of its own."""
    astronaut, chance = skimage.data.astronaut(), np.random.default_rng(1)
    for number in range(PHOTOS):
        lit = np.clip(astronaut * chance.uniform(0.85, 1.15) + chance.normal(0, 3, astronaut.shape), 0, 255)
        scale = 1 + 2 * chance.random() if number % 3 else 1.0
        turned = lit.astype(np.uint8)[:, :: -1 if number % 2 else 1]
        yield encoded(cv2.resize(turned, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC).astype(np.uint8))


def _alive(worker: LocalWorker, process: int, photo: bytes) -> tuple[float, float, int]:
    """Seconds and CPU seconds, of both processes, until the first manifest; bytes of the files."""
    alive, size = (0.0, 0.0), 0
    start, used = time.perf_counter(), _cpu(process)
    for step in worker.render(Job("first-sight", 1, RenderRequest(photo, levels=(RIG,)))):
        size += sum(file.size for file in step.files)
        if step.progress.manifest and not step.progress.manifest.complete:
            alive = time.perf_counter() - start, _cpu(process) - used
    return *alive, size


def _cpu(process: int) -> float:
    """CPU seconds of a process and of this one."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + time.process_time()


if __name__ == "__main__":
    main()
