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
from tests.gpuworker.processes import alive, eventually


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorker]:
    worker = LocalWorker(tmp_path_factory.mktemp("jobs"), size=2)
    yield worker
    worker.close()


def job(pixels: NDArray[np.uint8], levels: tuple[str, ...] = ("preview",)) -> Job:
    return Job("one", 1, RenderRequest(photo=encoded(pixels), frame=Size(120, 150), levels=levels))


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


def test_processes_that_have_been_idle_end_and_the_next_job_has_new_ones(astronaut: NDArray[np.uint8]) -> None:
    worker = LocalWorker(size=1, idle_seconds=0.01)
    worker.warm()
    assert eventually(lambda: worker._pool is None)
    assert [step.progress.stage for step in worker.render(job(astronaut, ("rig",)))][-1] == "done"
    assert eventually(lambda: worker._pool is None)
    worker.close()


def test_no_process_ends_as_idle_under_a_job(astronaut: NDArray[np.uint8]) -> None:
    worker = LocalWorker(size=1, idle_seconds=0.01)
    steps = worker.render(job(astronaut, ("rig",)))
    next(steps)
    assert worker._pool is not None
    (process,) = worker._pool.process_ids
    worker._end_if_idle()
    assert alive(process)
    assert [step.progress.stage for step in steps][-1] == "done"
    worker.close()


def test_a_worker_without_a_limit_keeps_its_processes(worker: LocalWorker, astronaut: NDArray[np.uint8]) -> None:
    list(worker.render(job(astronaut)))
    assert worker._idle_timer is None


def test_a_closed_worker_waits_for_no_idle_time() -> None:
    worker = LocalWorker(size=1, idle_seconds=3600)
    worker.warm()
    timer = worker._idle_timer
    worker.close()
    assert timer is not None
    assert timer.finished.is_set()


def test_a_rig_waits_neither_for_another_worker_s_sheets_nor_for_their_cancellation(
    worker: LocalWorker, astronaut: NDArray[np.uint8]
) -> None:
    first_sights = LocalWorker(size=1)
    first_sights.wait_ready()
    assert first_sights._pool is not None
    processes = first_sights._pool.process_ids
    try:
        sheets = worker.render(job(astronaut, ("rig", "preview", "mobile", "full")))
        while next(sheets).progress.stage != "rendering":
            pass
        assert list(first_sights.render(job(astronaut, ("rig",))))[-1].progress.stage == "done"
        sheets.close()
        assert first_sights._pool.process_ids == processes
        assert list(first_sights.render(job(astronaut, ("rig",))))[-1].progress.stage == "done"
    finally:
        first_sights.close()


def test_a_combined_cancellation_follows_each_event_and_cannot_be_waited_for() -> None:
    """An Event that only overrides is_set would wait for ever."""
    first, second = threading.Event(), threading.Event()
    combined = _AnyOf(first, second)
    assert not combined.is_set()
    second.set()
    assert combined.is_set()
    assert not hasattr(combined, "wait")
