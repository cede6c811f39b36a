"""The client's side of the wire, over a transport on which everything can go wrong."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gpuworker.clock import ManualClock
from gpuworker.errors import (
    AccessDenied,
    BadRequest,
    Busy,
    Cancelled,
    GpuOutOfMemory,
    NoFace,
    OtherProtocol,
    OutputFailed,
    RenderError,
    Superseded,
    WorkerDied,
    WorkerLost,
)
from gpuworker.server.job_queue import JobTable
from gpuworker.workers.fake import FakeWorker
from gpuworker.workers.http_client import HttpWorker
from gpuworker.workers.polling import RetryPolicy
from gpuworker.workers.worker import Job, RenderedFile, Step
from tests.gpuworker.jobs import NAMES, SIGHT, TOKEN, Halt, a_job, client, table

RETRY_POLICY = RetryPolicy(silence=30, cancellation=3, stall=1_000_000)
"""On a clock that passes at once a slow machine's threads would otherwise seem to stand still."""


class Played:
    """Results for a caller that drives a render."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.steps: list[Step] = []

    def take(self, step: Step) -> None:
        for file in step.files:
            data = file.path.read_bytes()
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.size)
            assert file.name not in self.hashes
            self.hashes[file.name] = file.sha256
        for level in step.progress.manifest.levels if step.progress.manifest else ():
            assert set(level.files) <= set(self.hashes)
        self.steps.append(step)

    def play(self, steps: Iterable[Step]) -> Played:
        for step in steps:
            self.take(step)
        return self

    @property
    def whole(self) -> bool:
        manifest = self.steps[-1].progress.manifest
        return (
            set(self.hashes) == NAMES
            and self.steps[-1].progress.stage == "done"
            and [step.progress.stage for step in self.steps].count("done") == 1
            and manifest is not None
            and manifest.complete
        )


def truth(job: Job) -> dict[str, str]:
    return {file.name: file.sha256 for step in FakeWorker().render(job) for file in step.files}


@contextmanager
def worker(
    folder: Path, jobs: JobTable, retry_policy: RetryPolicy = RETRY_POLICY, token: str = TOKEN
) -> Iterator[tuple[HttpWorker, httpx.Client]]:
    """A client of the table on a clock that passes at once, and its transport."""
    with client(jobs) as transport:
        bare = httpx.Client(transport=transport._transport)
        (folder / "fetched").mkdir(exist_ok=True)
        found = HttpWorker(
            "http://worker",
            token,
            retry_policy=retry_policy,
            client=bare,
            folder=folder / "fetched",
            clock=ManualClock(),
        )
        yield found, transport
        found.close()
        assert list((folder / "fetched").iterdir()) == []


def play(found: HttpWorker, job: Job, cancelled: threading.Event | None = None) -> Played:
    return Played().play(found.render(job, cancelled))


def test_the_steps_are_those_of_a_render(tmp_path: Path) -> None:
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, transport):
        played = play(found, a_job())
        assert played.whole
        assert played.hashes == truth(a_job())
        assert [step.progress.advice for step in played.steps if step.progress.advice] == [("The face is a stand-in.",)]
        assert transport.asked[-1] == "DELETE /jobs/one"
        assert list((tmp_path / "jobs").iterdir()) == []


@pytest.mark.parametrize(
    ("step", "files", "levels"), [(3, SIGHT, ["rig"]), (4, SIGHT | {"preview.webp"}, ["rig", "preview"])]
)
def test_levels_arrive_while_rendering(tmp_path: Path, step: int, files: set[str], levels: list[str]) -> None:
    halt = Halt(step)
    with table(tmp_path / "jobs", FakeWorker(halt)) as jobs, worker(tmp_path, jobs) as (found, _):
        played = Played()
        for step in found.render(a_job()):
            played.take(step)
            if files <= set(played.hashes) and step.progress.manifest is not None and not halt.go_on.is_set():
                assert halt.reached.is_set()
                assert set(played.hashes) == files
                assert [level.name for level in step.progress.manifest.levels] == levels
                halt.go_on.set()
        assert played.whole


QUESTIONS = ("generate", "progress", "files", "jobs")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("kind", ["502", "524", "500", "500 done"])
def test_case_55_a_proxys_error_at_any_question_costs_nothing_but_time(
    tmp_path: Path, question: str, kind: str
) -> None:
    survives(tmp_path, question, kind)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("kind", ["timeout", "timeout done", "refused"])
def test_case_56_a_timeout_at_any_question_costs_nothing_but_time(tmp_path: Path, question: str, kind: str) -> None:
    survives(tmp_path, question, kind)


@pytest.mark.parametrize("question", QUESTIONS[:3])
def test_case_57_half_a_response_is_asked_for_again(tmp_path: Path, question: str) -> None:
    survives(tmp_path, question, "half")


@pytest.mark.parametrize("question", QUESTIONS[:3])
@pytest.mark.parametrize("kind", ["wrong", "empty", "garbled"])
def test_case_58_wrong_bytes_are_never_handed_on(tmp_path: Path, question: str, kind: str) -> None:
    survives(tmp_path, question, kind)


@pytest.mark.parametrize("question", QUESTIONS)
def test_case_59_a_page_with_200_is_not_an_answer(tmp_path: Path, question: str) -> None:
    survives(tmp_path, question, "html")


def survives(tmp_path: Path, question: str, kind: str) -> None:
    """Three breaks in a row at the question, then another one later: one whole, true result."""
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, transport):
        transport.breaks.next(question, kind, kind, kind)
        played = play(found, a_job())
        assert (question, kind) in transport.breaks.happened
        assert played.whole
        assert played.hashes == truth(a_job())


@pytest.mark.parametrize("kind", ["502", "timeout", "half", "wrong", "html"])
def test_what_never_heals_ends_after_the_deadline_and_hands_nothing_wrong_on(tmp_path: Path, kind: str) -> None:
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, transport):
        transport.breaks.next("files", *[kind] * 500)
        played = Played()
        began = found._clock.now()
        with pytest.raises(WorkerLost) as lost:
            played.play(found.render(a_job()))
        assert played.hashes == {}
        assert 25 < found._clock.now() - began < 60
        assert not lost.value.permanent


def test_case_58_another_jobs_sheet_is_not_handed_on(tmp_path: Path) -> None:
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, transport):
        play(found, a_job("other", photo=b"another photo"))  # its files are what `stale` answers with
        transport.breaks.next("files", *["stale"] * 500)
        with pytest.raises(WorkerLost):
            play(found, a_job())


def test_case_40_a_late_answer_is_ignored(tmp_path: Path) -> None:
    halt = Halt(3)
    with table(tmp_path / "jobs", FakeWorker(halt)) as jobs, worker(tmp_path, jobs) as (found, transport):
        seen: list[int] = []
        for step in found.render(a_job()):
            seen.append(step.progress.current)
            if halt.reached.is_set() and not halt.go_on.is_set():
                transport.breaks.next("progress", "stale", "stale")
                halt.go_on.set()
        assert seen == sorted(seen)
        assert ("progress", "stale") in transport.breaks.happened


class Altered(FakeWorker):
    """A worker whose steps are not what they should be."""

    def __init__(self, alter: object) -> None:
        super().__init__()
        self._alter = alter

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Iterator[Step]:
        for step in super().render(job, cancelled):
            yield self._alter(step)


def test_case_58_a_render_that_is_not_whole_is_not_done(tmp_path: Path) -> None:
    from dataclasses import replace

    from gpuworker.contract import Size

    def fewer_frames(step: Step) -> Step:
        done = step.progress.stage == "done"
        return replace(step, progress=replace(step.progress, current=899)) if done else step

    def no_manifest(step: Step) -> Step:
        return replace(step, progress=replace(step.progress, manifest=None))

    def never_complete(step: Step) -> Step:
        manifest = step.progress.manifest
        if manifest is None:
            return step
        return replace(step, progress=replace(step.progress, manifest=replace(manifest, complete=False)))

    def a_level_less(step: Step) -> Step:
        manifest = step.progress.manifest
        if manifest is None:
            return step
        return replace(step, progress=replace(step.progress, manifest=replace(manifest, levels=manifest.levels[:2])))

    def a_file_less(step: Step) -> Step:
        return replace(step, files=tuple(file for file in step.files if file.name != "q2.webp"))

    def a_wrong_size(step: Step) -> Step:
        from gpuworker.images import webp

        for file in step.files:
            if file.name == "q1.webp":
                file.path.write_bytes(webp.head(Size(15 * 120, 14 * 150)) + bytes(100))
        return replace(step, files=tuple(RenderedFile.at(file.path) for file in step.files))

    def no_rig(step: Step) -> Step:
        return replace(step, files=tuple(file for file in step.files if file.name != "rig.bin"))

    def a_smaller_photo(step: Step) -> Step:
        manifest = step.progress.manifest
        if manifest is None:
            return step
        rig, *sheets = manifest.levels
        levels = (replace(rig, frame=Size(241, 300)), *sheets)
        return replace(step, progress=replace(step.progress, manifest=replace(manifest, levels=levels)))

    for number, alter in enumerate(
        (
            fewer_frames,
            no_manifest,
            never_complete,
            a_level_less,
            a_file_less,
            a_wrong_size,
            no_rig,
            a_smaller_photo,
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with table(folder / "jobs", Altered(alter)) as jobs, worker(folder, jobs) as (found, _):
            with pytest.raises(RenderError) as wrong:
                play(found, a_job())
            assert wrong.value.code == "wrong_answer", alter.__name__


@pytest.mark.parametrize("error", [NoFace("No face here."), GpuOutOfMemory(), WorkerDied()])
def test_case_60_an_error_of_the_engine_arrives_as_itself(tmp_path: Path, error: RenderError) -> None:
    def fail(number: int) -> None:
        if number == 4:
            raise error

    with table(tmp_path / "jobs", FakeWorker(fail)) as jobs, worker(tmp_path, jobs) as (found, _):
        with pytest.raises(type(error), match=error.sentence):
            play(found, a_job())
        assert list((tmp_path / "jobs").iterdir()) == []


def test_a_render_whose_rig_could_not_be_packed_is_whole_with_its_sheets(tmp_path: Path) -> None:
    from dataclasses import replace

    def sheets_alone(step: Step) -> Step:
        files = tuple(file for file in step.files if file.name not in ("rig.bin", "photo.webp"))
        manifest = step.progress.manifest
        if manifest is not None:
            manifest = replace(manifest, levels=tuple(level for level in manifest.levels if level.name != "rig"))
        return replace(step, files=files, progress=replace(step.progress, manifest=manifest))

    with table(tmp_path / "jobs", Altered(sheets_alone)) as jobs, worker(tmp_path, jobs) as (found, _):
        played = play(found, a_job())
    assert set(played.hashes) == NAMES - {"rig.bin", "photo.webp"}


def test_an_engine_without_a_rig_is_whole_without_one(tmp_path: Path) -> None:
    job = a_job(engine="liveportrait")
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, _):
        played = play(found, job)
    assert set(played.hashes) == NAMES - {"rig.bin", "photo.webp"}


def test_a_rig_alone_is_whole(tmp_path: Path) -> None:
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, _):
        played = play(found, a_job(levels=("rig",)))
    assert set(played.hashes) == SIGHT
    assert played.steps[-1].progress.stage == "done"


def test_a_worker_that_has_forgotten_the_job_has_died(tmp_path: Path) -> None:
    halt = Halt(2)
    with table(tmp_path / "jobs", FakeWorker(halt)) as jobs, worker(tmp_path, jobs) as (found, transport):
        steps = found.render(a_job())
        next(steps)
        with table(tmp_path / "reborn") as reborn:
            inner = transport._transport._inner
            from gpuworker.server.app import About, create_app

            inner._app = create_app(reborn, About("warp", None, "1"), TOKEN)
            with pytest.raises(WorkerDied):
                list(steps)
        halt.go_on.set()


def test_a_newer_attempt_ends_this_one(tmp_path: Path) -> None:
    halt = Halt(2)
    with table(tmp_path / "jobs", FakeWorker(halt)) as jobs, worker(tmp_path, jobs) as (found, _):
        steps = found.render(a_job(attempt=1))
        next(steps)
        jobs.submit(a_job(attempt=2))
        halt.go_on.set()
        with pytest.raises(Superseded):
            list(steps)
        assert jobs.snapshot("one", 2).state in ("queued", "running", "done")


def test_a_full_queue_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    halt = Halt(0)
    with table(tmp_path / "jobs", FakeWorker(halt), waiting=1) as jobs, worker(tmp_path, jobs) as (found, _):
        jobs.submit(a_job("first"))
        assert halt.reached.wait(60)
        jobs.submit(a_job("second"))
        began = found._clock.now()
        with pytest.raises(Busy):
            play(found, a_job("third"))
        assert 500 < found._clock.now() - began < 620
        halt.go_on.set()


@pytest.mark.parametrize(
    ("photo", "options", "error"),
    [(b"x", {"engine": "magic"}, BadRequest), (bytes(30_000_000), {}, RenderError)],
)
def test_what_is_refused_is_not_tried_again(
    tmp_path: Path, photo: bytes, options: dict[str, str], error: type[RenderError]
) -> None:
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, transport):
        with pytest.raises(error) as refused:
            play(found, a_job(photo=photo, **options))
        assert refused.value.permanent
        assert transport.asked.count("POST /generate") == 1


def test_a_wrong_token_and_a_worker_of_version_1_are_permanent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gpuworker.server import middleware
    from gpuworker.workers import protocol

    with table(tmp_path / "jobs") as jobs:
        with worker(tmp_path, jobs, token="the token of another worker") as (found, _), pytest.raises(AccessDenied):
            play(found, a_job())
        monkeypatch.setattr(middleware, "_OURS", [(b"gaze-protocol", b"1")])
        with worker(tmp_path, jobs) as (found, _), pytest.raises(OtherProtocol) as other:
            play(found, a_job())
        assert other.value.details == {"worker": "1", "site": protocol.VERSION}
        with worker(tmp_path, jobs) as (found, _), pytest.raises(OtherProtocol):
            found.health()


def test_health_is_asked_once(tmp_path: Path) -> None:
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, transport):
        assert found.health().gpu == "Fake GPU"
        assert transport.asked == ["GET /health"]


def test_cancelling_stops_the_worker_and_is_confirmed_by_it(tmp_path: Path) -> None:
    halt, cancelled = Halt(3), threading.Event()
    with table(tmp_path / "jobs", FakeWorker(halt)) as jobs, worker(tmp_path, jobs) as (found, _):
        steps = found.render(a_job(), cancelled)
        while not halt.reached.is_set():
            next(steps)
        cancelled.set()
        halt.go_on.set()
        with pytest.raises(Cancelled) as told:
            list(steps)
        assert told.value.details == {"confirmed": True}
        assert jobs.unfinished == 0
        assert list((tmp_path / "jobs").iterdir()) == []


def test_cancelling_what_cannot_be_reached_is_told_as_unconfirmed(tmp_path: Path) -> None:
    halt, cancelled = Halt(3), threading.Event()
    with table(tmp_path / "jobs", FakeWorker(halt)) as jobs, worker(tmp_path, jobs) as (found, transport):
        steps = found.render(a_job(), cancelled)
        next(steps)
        cancelled.set()
        transport.breaks.next("cancel", *["timeout"] * 100)
        with pytest.raises(Cancelled) as told:
            list(steps)
        assert told.value.details == {"confirmed": False}
        halt.go_on.set()


def test_closing_the_iterator_stops_the_worker(tmp_path: Path) -> None:
    halt = Halt(3)
    with table(tmp_path / "jobs", FakeWorker(halt)) as jobs, worker(tmp_path, jobs) as (found, _):
        steps = found.render(a_job())
        while not halt.reached.is_set():
            next(steps)
        halt.go_on.set()
        steps.close()
        assert jobs.unfinished == 0


def test_a_full_disk_here_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with table(tmp_path / "jobs") as jobs, worker(tmp_path, jobs) as (found, _):

        class Full:
            def __enter__(self) -> Full:
                return self

            def __exit__(self, *_: object) -> None: ...

            def write(self, _: bytes) -> None:
                raise OSError(28, "No space left on device")

        job, listing = listed(found)
        real = Path.open
        monkeypatch.setattr(
            Path, "open", lambda path, mode="r", *a, **k: Full() if mode == "wb" else real(path, mode, *a, **k)
        )
        with pytest.raises(OutputFailed):
            found.fetch(job, listing, tmp_path, threading.Event())


def listed(found: HttpWorker) -> tuple[Job, object]:
    job = a_job()
    snapshot = found.submit(job)
    while not snapshot.files:
        snapshot = found.progress(job)
    return job, snapshot.files[0]


def test_every_request_has_timeouts(tmp_path: Path) -> None:
    asked: list[dict[str, float]] = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"])
        return httpx.Response(502)

    with httpx.Client(transport=httpx.MockTransport(note)) as bare:
        found = HttpWorker("http://worker", TOKEN, client=bare, clock=ManualClock())
        with pytest.raises(WorkerLost):
            list(found.render(a_job()))
    assert asked
    assert all(0 < seconds <= 30 for timeout in asked for seconds in timeout.values())
