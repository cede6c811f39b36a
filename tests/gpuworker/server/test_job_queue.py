"""The job table: one job at a time, fenced by attempt, and nothing left of what is over."""

from __future__ import annotations

import errno
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpuworker.clock import ManualClock
from gpuworker.errors import (
    BadRequest,
    Busy,
    GpuOutOfMemory,
    NoFace,
    OutputFailed,
    RenderError,
    Superseded,
    WorkerDied,
)
from gpuworker.server.job_queue import JobOver, JobTable, UnknownJob
from gpuworker.workers.fake import FakeWorker
from gpuworker.workers.worker import Job, LocalWorker, Step
from tests.gpuworker.jobs import NAMES, SIGHT, Halt, a_job, ended, table
from tests.gpuworker.processes import eventually


def test_a_job_is_done_and_its_files_are_kept_whole(tmp_path: Path) -> None:
    with table(tmp_path) as jobs:
        assert jobs.submit(a_job()).state == "queued"
        assert ended(jobs) == "done"
        snapshot = jobs.snapshot("one")
        assert {listing.name for listing in snapshot.files} == NAMES
        assert snapshot.progress.manifest is not None
        assert snapshot.progress.manifest.complete
        assert snapshot.progress.advice == ("The face is a stand-in.",)
        for listing in snapshot.files:
            assert jobs.read("one", listing.name)[1] != b""
        assert snapshot.log[0].text == "Accepted"
        assert snapshot.log[-1].text == "Done"


def test_a_snapshot_in_mid_render_lists_only_files_that_are_there(tmp_path: Path) -> None:
    halt = Halt(4)
    with table(tmp_path, FakeWorker(halt)) as jobs:
        jobs.submit(a_job())
        assert halt.reached.wait(60)
        snapshot = jobs.snapshot("one")
        assert snapshot.state == "running"
        assert jobs.readiness == "busy"
        assert {listing.name for listing in snapshot.files} == {*SIGHT, "preview.webp"}
        halt.go_on.set()
        assert ended(jobs) == "done"
        assert jobs.snapshot("one").revision > snapshot.revision


def test_jobs_wait_for_each_other_and_know_their_place(tmp_path: Path) -> None:
    halt = Halt(0)
    with table(tmp_path, FakeWorker(halt), waiting=2) as jobs:
        jobs.submit(a_job("one"))
        assert halt.reached.wait(60)
        assert jobs.submit(a_job("two")).place == 1
        assert jobs.submit(a_job("three")).place == 2
        assert jobs.unfinished == 3
        with pytest.raises(Busy) as busy:
            jobs.submit(a_job("four"))
        assert busy.value.details["retry_after"] > 0
        halt.go_on.set()
        assert [ended(jobs, each) for each in ("one", "two", "three")] == ["done"] * 3


def test_repeating_a_submission_changes_nothing(tmp_path: Path) -> None:
    halt = Halt(1)
    with table(tmp_path, FakeWorker(halt), waiting=1) as jobs:
        jobs.submit(a_job())
        assert halt.reached.wait(60)
        for _ in range(10):
            assert jobs.submit(a_job()).state == "running"
        with pytest.raises(Superseded, match="Another request"):
            jobs.submit(a_job(photo=b"another photo"))
        halt.go_on.set()
        assert ended(jobs) == "done"
        assert jobs.submit(a_job()).state == "done"


def test_a_newer_attempt_stops_an_older_one_and_the_older_is_refused(tmp_path: Path) -> None:
    halt = Halt(3)
    with table(tmp_path, FakeWorker(halt)) as jobs:
        jobs.submit(a_job(attempt=1))
        assert halt.reached.wait(60)
        jobs.submit(a_job(attempt=2))
        for question in (
            lambda: jobs.submit(a_job(attempt=1)),
            lambda: jobs.snapshot("one", 1),
            lambda: jobs.read("one", "poster.webp", 1),
            lambda: jobs.cancel("one", 1),
            lambda: jobs.forget("one", 1),
        ):
            with pytest.raises(Superseded):
                question()
        halt.go_on.set()
        assert ended(jobs, attempt=2) == "done"
        assert len(list(tmp_path.iterdir())) == 1


def test_case_40_replays_and_late_messages_begin_nothing(tmp_path: Path) -> None:
    rendered: list[int] = []
    with table(tmp_path, FakeWorker(rendered.append)) as jobs:
        jobs.submit(a_job(attempt=2))
        assert ended(jobs, attempt=2) == "done"
        jobs.forget("one", 2)
        steps = len(rendered)
        for attempt, error in ((2, JobOver), (1, Superseded)):
            with pytest.raises(error):
                jobs.submit(a_job(attempt=attempt))
        with pytest.raises(UnknownJob):
            jobs.cancel("late", 5)  # its submission is still on the way
        with pytest.raises(JobOver):
            jobs.submit(a_job("late", attempt=5))
        with pytest.raises(Superseded):
            jobs.submit(a_job("late", attempt=4))
        assert len(rendered) == steps
        assert jobs.submit(a_job("late", attempt=6)).state == "queued"


def test_cancelling_says_the_truth(tmp_path: Path) -> None:
    halt = Halt(2)
    with table(tmp_path, FakeWorker(halt)) as jobs:
        jobs.submit(a_job("one"))
        assert halt.reached.wait(60)
        jobs.submit(a_job("two"))
        assert jobs.cancel("two", 1).state == "cancelled"
        assert jobs.cancel("one", 1, seconds=0.01).state == "running"  # it does not stop, and no answer says so
        halt.go_on.set()
        assert jobs.cancel("one", 1, seconds=10).state == "cancelled"
        assert jobs.snapshot("one").files == ()
        assert list(tmp_path.iterdir()) == []


def test_forgetting_a_running_job_stops_it_and_leaves_nothing(tmp_path: Path) -> None:
    halt = Halt(3)
    with table(tmp_path, FakeWorker(halt)) as jobs:
        jobs.submit(a_job())
        assert halt.reached.wait(60)
        jobs.forget("one", 1)
        halt.go_on.set()
        assert eventually(lambda: jobs.unfinished == 0 and not list(tmp_path.iterdir()))
        with pytest.raises(JobOver):
            jobs.snapshot("one")


def test_what_ended_an_hour_ago_is_purged(tmp_path: Path) -> None:
    clock = ManualClock()
    with table(tmp_path, clock=clock) as jobs:
        jobs.submit(a_job())
        assert ended(jobs) == "done"
        clock.advance(3599)
        jobs.purge()
        assert jobs.snapshot("one").state == "done"
        clock.advance(1)
        jobs.purge()
        with pytest.raises(JobOver):
            jobs.snapshot("one", 1)
        assert list(tmp_path.iterdir()) == []


def test_idleness_counts_from_the_last_wish_and_not_while_there_is_work(tmp_path: Path) -> None:
    clock, halt = ManualClock(), Halt(1)
    with table(tmp_path, FakeWorker(halt), clock) as jobs:
        assert eventually(lambda: jobs.readiness == "ready")
        clock.advance(50)
        assert jobs.idle_seconds == 50
        jobs.submit(a_job())
        assert halt.reached.wait(60)
        clock.advance(500)
        assert jobs.idle_seconds == 0
        halt.go_on.set()
        assert ended(jobs) == "done"
        clock.advance(7)
        assert eventually(lambda: jobs.idle_seconds == 7)


def fails_with(error: Exception, at: int = 2) -> FakeWorker:
    def fail(number: int) -> None:
        if number == at:
            raise error

    return FakeWorker(fail)


@pytest.mark.parametrize("error", [NoFace("No face here."), WorkerDied(), RuntimeError("a bug")])
def test_a_failure_is_told_and_leaves_no_file(tmp_path: Path, error: Exception) -> None:
    with table(tmp_path, fails_with(error, at=3)) as jobs:
        jobs.submit(a_job())
        assert ended(jobs) == "failed"
        snapshot = jobs.snapshot("one")
        assert snapshot.error is not None
        assert snapshot.error.code == (error.code if isinstance(error, RenderError) else "render_failed")
        assert (snapshot.files, snapshot.progress.manifest) == ((), None)
        assert list(tmp_path.iterdir()) == []


def test_case_63_a_disk_that_is_full_where_the_worker_works_is_told_as_that(tmp_path: Path) -> None:
    """Its client waits for room, and counts no attempt."""
    full = OSError(errno.ENOSPC, "No space left on device")
    with table(tmp_path, fails_with(full)) as jobs:
        jobs.submit(a_job())
        assert ended(jobs) == "failed"
        error = jobs.snapshot("one").error
        assert error is not None
        assert (error.code, error.details["reason"]) == ("output_failed", "No space left on device")


def test_case_60_a_gpu_out_of_memory_fails_this_job_and_not_the_next(tmp_path: Path) -> None:
    faults = [GpuOutOfMemory()]

    def fail_once(number: int) -> None:
        if number == 3 and faults:
            raise faults.pop()

    with table(tmp_path, FakeWorker(fail_once)) as jobs:
        jobs.submit(a_job("one"))
        assert ended(jobs) == "failed"
        error = jobs.snapshot("one").error
        assert isinstance(error, GpuOutOfMemory)
        assert not error.permanent
        jobs.submit(a_job("one", attempt=2))
        assert ended(jobs, attempt=2) == "done"


def test_a_full_disk_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with table(tmp_path) as jobs:
        jobs.submit(a_job())
        assert ended(jobs) == "failed"
        assert isinstance(jobs.snapshot("one").error, OutputFailed)


def test_an_unknown_engine_is_refused_before_it_is_queued(tmp_path: Path) -> None:
    with table(tmp_path) as jobs, pytest.raises(BadRequest, match="engine"):
        jobs.submit(a_job(engine="magic"))


def test_a_name_is_looked_up_and_a_link_is_not_followed(tmp_path: Path) -> None:
    with table(tmp_path) as jobs:
        jobs.submit(a_job())
        assert ended(jobs) == "done"
        for name in ("", "..", "../secret", "/etc/passwd", "manifest.json"):
            with pytest.raises(UnknownJob):
                jobs.read("one", name)
        (folder,) = tmp_path.iterdir()
        (folder / "q0.webp").unlink()
        (folder / "q0.webp").symlink_to("/etc/passwd")
        with pytest.raises(UnknownJob):
            jobs.read("one", "q0.webp")
        with pytest.raises(UnknownJob):
            jobs.read("another", "q1.webp")


def test_a_worker_that_names_a_file_elsewhere_fails(tmp_path: Path) -> None:
    class Sly(FakeWorker):
        def render(self, job: Job, cancelled: threading.Event | None = None) -> Iterator[Step]:
            from dataclasses import replace

            for step in super().render(job, cancelled):
                yield replace(step, files=tuple(replace(file, name="../" + file.name) for file in step.files))

    with table(tmp_path / "jobs", Sly()) as jobs:
        jobs.submit(a_job())
        assert ended(jobs) == "failed"
    assert list(tmp_path.glob("*.webp")) == []


def test_readiness_follows_the_preparation_and_a_failed_one_is_kept(tmp_path: Path) -> None:
    loading, warming = threading.Event(), threading.Event()

    def warm() -> None:
        assert warming.wait(60)
        raise WorkerDied("Weights are not what they should be.")

    preparation = (("loading", lambda: loading.wait(60)), ("warming", warm))
    jobs = JobTable(FakeWorker(), tmp_path, preparation=preparation)
    try:
        assert jobs.readiness == "loading"
        assert jobs.submit(a_job()).state == "queued"
        loading.set()
        assert eventually(lambda: jobs.readiness == "warming")
        warming.set()
        assert eventually(lambda: jobs.failure is not None)
        assert jobs.readiness == "warming"
    finally:
        jobs.close()


def test_a_real_worker_renders_for_the_table(tmp_path: Path, astronaut: object) -> None:
    from tests.gpuworker.pictures import encoded

    worker = LocalWorker(tmp_path, size=2)
    with table(tmp_path / "jobs", worker, preparation=(("warming", worker.wait_ready),)) as jobs:
        jobs.submit(a_job(photo=encoded(astronaut), levels=("preview",)))
        assert ended(jobs) == "done"
        assert {listing.name for listing in jobs.snapshot("one").files} == {"poster.webp", "preview.webp"}


def test_closing_removes_everything_and_may_be_repeated(tmp_path: Path) -> None:
    jobs = JobTable(FakeWorker(), tmp_path)
    jobs.submit(a_job())
    assert ended(jobs) == "done"
    jobs.close()
    jobs.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Busy):
        jobs.submit(a_job("two"))
