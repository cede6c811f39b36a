"""Poll loop for a job at a worker on another machine.

Every request may fail, hang, be cut, or be answered by a page of another server. What is asked here may
therefore be asked again: submissions are idempotent, progress is a snapshot with a revision, and files
are listed with their hashes and handed on only when their bytes match.
"""

from __future__ import annotations

import logging
import random
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

from gpuworker import engines
from gpuworker.clock import Clock
from gpuworker.contract import POSTER_NAME, RIG, Level, Manifest, RigLevel, Size, without_rig
from gpuworker.errors import Busy, Cancelled, RenderError, Superseded, WorkerDied, WorkerLost, WrongAnswer
from gpuworker.images import webp
from gpuworker.workers import protocol
from gpuworker.workers.protocol import Listing, Snapshot
from gpuworker.workers.worker import Job, RenderedFile, Step

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Retry policy: timeouts and pauses with a worker, all in seconds."""

    connect: float = 5.0
    """Timeout of a connection attempt."""
    read: float = 20.0
    """Timeout between two chunks of a response."""
    write: float = 30.0
    """Timeout of writing a chunk of a request."""
    poll: float = 0.4
    """Pause between two requests for the progress."""
    silence: float = 30.0
    """Time without one good response after which the worker counts as lost."""
    stall: float = 300.0
    """Time for which a running job may not change."""
    queue: float = 600.0
    """Time after which a full queue is given up."""
    cancellation: float = 5.0
    """Time that a cancellation may take: a person waits for it."""
    first_pause: float = 0.25
    """Pause before the first retry; it doubles with each, and is jittered."""
    longest_pause: float = 8.0
    """Longest pause between two retries."""


class TransientError(Exception):
    """Error that a retry may mend: no response, half of one, or one that is not the worker's."""


class Transport(Protocol):
    """Transport of one job's requests to a worker.

    Every method asks once. Raises TransientError where asking again may help, and otherwise RenderError.
    """

    def submit(self, job: Job) -> Snapshot:
        """Begin the job, or get its snapshot."""

    def progress(self, job: Job) -> Snapshot:
        """Snapshot of the job."""

    def fetch(self, job: Job, listing: Listing, folder: Path, cancelled: threading.Event) -> RenderedFile:
        """A whole file, with exactly the bytes that it is listed with."""

    def cancel(self, job: Job) -> Snapshot:
        """Stop it."""

    def forget(self, job: Job) -> None:
        """Let go of what is kept of it."""


def poll(
    transport: Transport,
    job: Job,
    cancelled: threading.Event | None,
    *,
    retry_policy: RetryPolicy,
    clock: Clock,
    folder: Path | None = None,
) -> Generator[Step]:
    """Poll the worker for the steps of the job, as Worker.render.

    Cancelled.details["confirmed"] says whether the worker itself said that nothing goes on.
    """
    run = _Run(transport, job, cancelled or threading.Event(), retry_policy, clock)
    with tempfile.TemporaryDirectory(dir=folder, prefix="fetched-", ignore_cleanup_errors=True) as name:
        try:
            yield from run.steps(Path(name))
        except Cancelled:
            raise Cancelled(details={"confirmed": run.abandon()}) from None
        except BaseException:
            run.abandon()
            raise
        run.dismiss()


@dataclass(slots=True)
class _Run:
    """State of one job at the worker: what has been seen of it, and what has been handed on."""

    transport: Transport
    job: Job
    cancelled: threading.Event
    retry_policy: RetryPolicy
    clock: Clock
    revision: int = 0
    received: dict[str, Listing] = field(default_factory=dict)
    sizes: dict[str, Size | None] = field(default_factory=dict)
    advised: int = 0
    published: Manifest | None = None

    def steps(self, folder: Path) -> Iterator[Step]:
        snapshot = self._submit()
        moved = self.clock.now()
        while True:
            if snapshot.revision > self.revision:  # anything older is a late answer
                self.revision, moved = snapshot.revision, self.clock.now()
                yield from self._new_steps(snapshot, folder)
                if snapshot.state == "done":
                    return
            elif snapshot.state == "running" and self.clock.now() - moved > self.retry_policy.stall:
                raise WorkerLost("The rendering machine does not get on with the portrait. Please try again.")
            self._pause(self.retry_policy.poll * random.uniform(0.75, 1.25))
            snapshot = self._insist(self._look)

    def abandon(self) -> bool:
        """Stop the work, without waiting long; whether the worker confirmed that nothing goes on."""
        clock, retry_policy = self.clock, self.retry_policy
        end = clock.now() + retry_policy.cancellation
        pauses = _pauses(retry_policy)
        while True:
            try:
                if self._gone():
                    return True
            except (TransientError, WrongAnswer) as error:
                log.warning("job %s/%d cannot be cancelled yet: %s", self.job.id, self.job.attempt, error)
            except RenderError as error:
                log.warning("job %s/%d cannot be cancelled: %s", self.job.id, self.job.attempt, error)
                return False
            pause = next(pauses)
            if clock.now() + pause >= end:
                return False
            clock.wait(pause)

    def dismiss(self) -> None:
        """Everything is here: the worker may let go of it. Should it not hear this, it does so in an hour."""
        try:
            self.transport.forget(self.job)
        except (TransientError, RenderError) as error:
            log.info("job %s/%d was not dismissed: %s", self.job.id, self.job.attempt, error)

    def _gone(self) -> bool:
        try:
            if self.transport.cancel(self.job).state in protocol.ENDED:
                with suppress(Superseded, WorkerDied):
                    self.transport.forget(self.job)
                return True
        except (Superseded, WorkerDied):  # not there, or over: nothing goes on
            return True
        return False

    def _submit(self) -> Snapshot:
        """Submit the job; a repeated submission is answered with the same job."""
        end = self.clock.now() + self.retry_policy.queue
        while True:
            try:
                snapshot = self._insist(lambda: self._ours(self.transport.submit(self.job)))
            except Busy as busy:
                pause = min(60.0, float(busy.details.get("retry_after", 15))) * random.uniform(1, 1.3)
                if self.clock.now() + pause > end:
                    raise
                self._pause(pause)
            else:
                return snapshot

    def _look(self) -> Snapshot:
        return self._ours(self.transport.progress(self.job))

    def _ours(self, snapshot: Snapshot) -> Snapshot:
        if (snapshot.id, snapshot.attempt) != (self.job.id, self.job.attempt):
            raise TransientError("the answer is about another job")
        return snapshot

    def _new_steps(self, snapshot: Snapshot, folder: Path) -> Iterator[Step]:
        """Steps that a snapshot adds; each file in one of its own, as soon as it is here."""
        self._check_over(snapshot)
        done = snapshot.state == "done"
        bare = replace(snapshot.progress, manifest=None, advice=self._fresh_advice(snapshot))
        if bare.stage == "done":  # that is said once, and last
            bare = replace(bare, stage="rendering")
        for listing in self._fresh(snapshot):
            file = self._insist(lambda each=listing: self._fetched(each, folder))  # type: ignore[misc]
            self.received[listing.name] = listing
            with file.path.open("rb") as opened:
                self.sizes[listing.name] = webp.size(opened.read(webp.HEAD))
            yield Step(bare, (file,), seconds=snapshot.seconds)
            bare = replace(bare, advice=())
            file.path.unlink(missing_ok=True)
        manifest = snapshot.progress.manifest
        if manifest is not None:
            self._check(manifest)
        if done:
            self._check_whole(snapshot)
        elif manifest is not None and manifest.complete:  # and so is this
            manifest = self.published
        fresh = manifest if manifest != self.published else None
        self.published = manifest
        yield Step(replace(bare, stage="done" if done else bare.stage, manifest=fresh), seconds=snapshot.seconds)

    def _fresh_advice(self, snapshot: Snapshot) -> tuple[str, ...]:
        advice = snapshot.progress.advice[self.advised :]
        self.advised = max(self.advised, len(snapshot.progress.advice))
        return advice

    def _fresh(self, snapshot: Snapshot) -> list[Listing]:
        """Files not handed on yet. One that has changed since would make what was published untrue."""
        if changed := [f.name for f in snapshot.files if f.name in self.received and self.received[f.name] != f]:
            raise WrongAnswer(details={"changed": changed})
        return [listing for listing in snapshot.files if listing.name not in self.received]

    def _fetched(self, listing: Listing, folder: Path) -> RenderedFile:
        try:
            return self.transport.fetch(self.job, listing, folder, self.cancelled)
        except WorkerDied:
            self._check_over(self._look())  # a job that has failed since has taken its files away: that is the reason
            raise

    def _check_over(self, snapshot: Snapshot) -> None:
        """Raises what it has failed with."""
        if snapshot.state == "failed":
            raise snapshot.error or RenderError()
        if snapshot.state == "cancelled":
            raise Superseded("Another process gave up this attempt.")

    def _check(self, manifest: Manifest) -> None:
        """It lists only files that are here, and each picture has the size that its level promises."""
        missing = [name for level in manifest.levels for name in level.files if name not in self.received]
        if missing or (manifest.levels and POSTER_NAME not in self.received):
            raise WrongAnswer(details={"missing": missing or [POSTER_NAME]})
        for level in manifest.levels:
            size, names = _promised(level)
            if wrong := [name for name in names if self.sizes[name] != size]:
                raise WrongAnswer(details={"expected": str(size), "wrong": wrong})

    def _check_whole(self, snapshot: Snapshot) -> None:
        """All that was asked for is there; in place of a rig, all sheets that are made without one."""
        manifest, progress = snapshot.progress.manifest, snapshot.progress
        if manifest is None or not manifest.complete or progress.stage != "done":
            raise WrongAnswer(details={"reason": "done without a complete manifest"})
        if progress.current != progress.total:
            raise WrongAnswer(details={"reason": f"done with {progress.current} of {progress.total} frames"})
        request = self.job.request
        asked = engines.levels_of(request.engine, request.levels)
        listed = {each.name for each in manifest.levels}
        if missing := set(asked if RIG in listed else without_rig(asked)) - listed:
            raise WrongAnswer(details={"missing": sorted(missing)})

    def _insist(self, ask: Callable[[], T]) -> T:
        """The first good answer. Raises WorkerLost after `silence`, Cancelled, and what the worker refuses with."""
        end = self.clock.now() + self.retry_policy.silence
        pauses = _pauses(self.retry_policy)
        while True:
            self._pause(0)
            try:
                return ask()
            except TransientError as error:
                log.info("job %s/%d: %s", self.job.id, self.job.attempt, error)
                if self.clock.now() >= end:
                    raise WorkerLost(details={"reason": str(error)}) from error
            self._pause(next(pauses))

    def _pause(self, seconds: float) -> None:
        self.clock.wait(seconds, self.cancelled)


def _promised(level: Level | RigLevel) -> tuple[Size, tuple[str, ...]]:
    """Size of a level's WebP pictures, and their names."""
    if isinstance(level, RigLevel):
        return level.frame, (level.photo["webp"],)
    halves = 1 if len(level.sheets) == 1 else 2
    return Size(len(level.x) // halves * level.frame.width, len(level.y) // halves * level.frame.height), level.sheets


def _pauses(retry_policy: RetryPolicy) -> Iterator[float]:
    """Doubled each time up to the longest, and jittered so that many clients do not come back at once."""
    pause = retry_policy.first_pause
    while True:
        yield pause * random.uniform(0.5, 1.0)
        pause = min(retry_policy.longest_pause, pause * 2)
