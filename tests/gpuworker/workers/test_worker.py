"""Jobs in child processes: steps with whole files, one job at a time, nothing left."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.contract import POSTER_NAME, RenderRequest, Size
from gpuworker.errors import Cancelled, NoFace
from gpuworker.workers.worker import Job, LocalWorker, RenderedFile, _AnyOf
from tests.gpuworker.pictures import encoded


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorker]:
    worker = LocalWorker(tmp_path_factory.mktemp("jobs"), size=2)
    yield worker
    worker.close()


def job(pixels: NDArray[np.uint8]) -> Job:
    return Job("one", 1, RenderRequest(photo=encoded(pixels), frame=Size(120, 150), levels=("preview",)))


def test_steps_carry_whole_files_with_their_hashes(worker: LocalWorker, astronaut: NDArray[np.uint8]) -> None:
    seen: dict[str, RenderedFile] = {}
    for step in worker.render(job(astronaut)):
        for file in step.files:
            data = file.path.read_bytes()
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.size)
            seen[file.name] = file
        for level in step.progress.manifest.levels if step.progress.manifest else ():
            assert set(level.files) <= set(seen)
    assert set(seen) == {POSTER_NAME, "preview.webp"}
    assert not any(file.path.exists() for file in seen.values())


def test_a_job_waits_for_the_one_before_it(worker: LocalWorker, astronaut: NDArray[np.uint8]) -> None:
    first = worker.render(job(astronaut))
    next(first)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        next(worker.render(job(astronaut), cancelled))
    first.close()
    assert next(worker.render(job(astronaut))).progress.stage == "starting"


def test_a_refused_photo_leaves_the_worker_ready(worker: LocalWorker, astronaut: NDArray[np.uint8]) -> None:
    with pytest.raises(NoFace):
        list(worker.render(job(np.full((300, 300, 3), 127, np.uint8))))
    assert [step.progress.stage for step in worker.render(job(astronaut))][-1] == "done"


def test_closing_stops_the_job_under_way_and_takes_no_other(astronaut: NDArray[np.uint8]) -> None:
    worker = LocalWorker(size=2)
    steps = worker.render(job(astronaut))
    next(steps)
    closer = threading.Thread(target=worker.close)
    closer.start()
    with pytest.raises(Cancelled):
        list(steps)
    closer.join()
    with pytest.raises(Cancelled):
        next(worker.render(job(astronaut)))


def test_closing_an_unused_worker_does_nothing() -> None:
    LocalWorker().close()


def test_a_worker_that_is_ready_has_loaded_its_engine(worker: LocalWorker) -> None:
    worker.warm()
    worker.wait_ready()
    assert worker._pool is not None
    assert worker._pool.quiet


def test_a_combined_cancellation_follows_each_event_and_cannot_be_waited_for() -> None:
    """An Event that only overrides is_set would wait for ever."""
    first, second = threading.Event(), threading.Event()
    combined = _AnyOf(first, second)
    assert not combined.is_set()
    second.set()
    assert combined.is_set()
    assert not hasattr(combined, "wait")
