"""Following a job over a transport that is only a few answers."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gpuworker.clock import ManualClock
from gpuworker.contract import RIG, SHEETS, Level, Manifest, Progress, Size
from gpuworker.errors import Cancelled, NoFace, Superseded, WorkerDied, WorkerLost, WrongAnswer
from gpuworker.workers.polling import RetryPolicy, TransientError, _Run, poll
from gpuworker.workers.protocol import Listing, Snapshot
from gpuworker.workers.worker import Job, RenderedFile
from tests.gpuworker.jobs import a_job


class Few:
    """Answers one snapshot after the other, and the last one for ever."""

    def __init__(self, *answers: Snapshot | Exception) -> None:
        self._answers = list(answers)
        self.cancelled = 0

    def _next(self) -> Snapshot:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def submit(self, job: Job) -> Snapshot:
        return self._next()

    def progress(self, job: Job) -> Snapshot:
        return self._next()

    def fetch(self, job: Job, listing: Listing, folder: Path, cancelled: threading.Event) -> RenderedFile:
        raise TransientError("there are no files")

    def cancel(self, job: Job) -> Snapshot:
        self.cancelled += 1
        return replace(RUNNING, state="cancelled")

    def forget(self, job: Job) -> None: ...


RUNNING = Snapshot("one", 1, "running", 2, 0, 0.0, Progress("rendering", 1, 9, "Rendering"))


def run(transport: Few, clock: ManualClock, **retry_policy: float) -> list[int]:
    return [
        s.progress.current
        for s in poll(transport, a_job(), None, retry_policy=RetryPolicy(**retry_policy), clock=clock)
    ]


def test_a_job_that_does_not_move_is_given_up_and_stopped() -> None:
    transport, clock = Few(RUNNING), ManualClock(0)
    with pytest.raises(WorkerLost, match="does not get on"):
        run(transport, clock, stall=120)
    assert 120 < clock.now() < 130
    assert transport.cancelled == 1


@pytest.mark.slow
def test_a_job_may_wait_in_the_queue_for_longer_than_it_may_stall() -> None:
    waiting = replace(RUNNING, state="queued", revision=1)
    transport, clock = Few(*[waiting] * 2000, replace(RUNNING, state="cancelled", revision=3)), ManualClock(0)
    with pytest.raises(Superseded):
        run(transport, clock, stall=10)
    assert clock.now() > 100


def test_an_answer_about_another_job_or_attempt_is_no_answer() -> None:
    for other in (replace(RUNNING, id="two"), replace(RUNNING, attempt=2)):
        with pytest.raises(WorkerLost):
            run(Few(other), ManualClock(), silence=5)


def test_pauses_grow_are_jittered_and_end_with_the_deadline() -> None:
    class Noting(ManualClock):
        def __init__(self, now: float) -> None:
            super().__init__(now)
            self.waits: list[float] = []

        def wait(self, seconds: float, cancelled: threading.Event | None = None) -> None:
            if seconds:
                self.waits.append(seconds)
            super().wait(seconds, cancelled)

    clock = Noting(0)
    with pytest.raises(WorkerLost):
        run(Few(TransientError("no answer")), clock, silence=60, longest_pause=8)
    tries = clock.waits[:7]
    assert 0.1 < tries[0] <= 0.25
    assert all(pause <= 8 for pause in clock.waits)
    assert tries[-1] > 3
    assert len({round(pause / 0.25, 3) for pause in tries}) == len(tries)


def test_a_cancellation_before_the_first_question_asks_nothing_but_to_stop() -> None:
    cancelled = threading.Event()
    cancelled.set()
    transport = Few(RUNNING)
    with pytest.raises(Cancelled) as told:
        list(poll(transport, a_job(), cancelled, retry_policy=RetryPolicy(), clock=ManualClock()))
    assert told.value.details["confirmed"] is True
    assert transport.cancelled == 1


def test_a_file_that_is_gone_because_the_job_failed_is_told_as_that_failure() -> None:
    class Gone(Few):
        def fetch(self, job: Job, listing: Listing, folder: Path, cancelled: threading.Event) -> RenderedFile:
            raise WorkerDied

    listed = replace(RUNNING, files=(Listing("poster.webp", "0" * 64, 9),))
    with pytest.raises(NoFace):
        run(Gone(listed, replace(RUNNING, state="failed", revision=9, error=NoFace())), ManualClock())
    with pytest.raises(WorkerDied):
        run(Gone(listed), ManualClock())


def test_case_40_an_answer_that_is_older_than_the_last_one_is_ignored() -> None:
    def at(revision: int, current: int) -> Snapshot:
        return replace(RUNNING, revision=revision, progress=replace(RUNNING.progress, current=current))

    transport = Few(at(5, 5), at(3, 1), at(5, 5), at(4, 2), at(6, 7), replace(RUNNING, state="cancelled", revision=7))
    seen: list[int] = []
    steps = poll(transport, a_job(), None, retry_policy=RetryPolicy(), clock=ManualClock())
    with pytest.raises(Superseded):
        seen.extend(step.progress.current for step in steps)
    assert seen == [5, 7]


@pytest.mark.parametrize(
    ("asked", "made", "accepted"),
    [
        ((RIG,), ("preview", "mobile", "full"), True),
        ((RIG, "preview"), ("preview",), True),
        ((RIG,), ("preview",), False),
        ((RIG,), (), False),
        (("preview", "full"), ("preview",), False),
    ],
)
def test_sheets_are_accepted_in_place_of_a_rig_if_they_are_all_there(
    asked: tuple[str, ...], made: tuple[str, ...], accepted: bool
) -> None:
    levels = tuple(Level(name, (0.0,), (0.0,), Size(8, 8), SHEETS[name]) for name in made)
    manifest = Manifest("warp", Size(8, 8), complete=True, levels=levels)
    progress = Progress("done", 9, 9, "Done", manifest=manifest)
    job = a_job()
    job = replace(job, request=replace(job.request, engine="warp", levels=asked))
    check = _Run(Few(RUNNING), job, threading.Event(), RetryPolicy(), ManualClock())._check_whole
    done = replace(RUNNING, state="done", progress=progress)
    if accepted:
        check(done)
    else:
        with pytest.raises(WrongAnswer):
            check(done)
