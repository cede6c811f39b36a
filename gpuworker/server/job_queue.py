"""Job queue of a worker: a bounded queue, one thread that renders them in turn, and files until they are picked up.

A job is fenced by its attempt: a newer attempt stops an older one and takes its place, an older one
is refused, and one that is over stays over, however late its messages arrive.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from gpuworker import engines
from gpuworker.clock import SYSTEM, Clock
from gpuworker.contract import Manifest, Progress
from gpuworker.errors import BadRequest, Busy, Cancelled, OutputFailed, RenderError, Superseded, WorkerDied
from gpuworker.whole_file import make_folder
from gpuworker.workers.protocol import ENDED, Listing, LogLine, Readiness, Snapshot, State, submission
from gpuworker.workers.worker import Job, RenderedFile, Step, Worker

log = logging.getLogger(__name__)

WAITING = 8
KEEP_SECONDS = 3600.0
MOST_LOG_LINES = 200
MOST_TOMBSTONES = 10_000

Preparation = Sequence[tuple[Readiness, Callable[[], None]]]


class UnknownJob(LookupError):
    """There is no such job, or no such file of it."""


class JobOver(LookupError):
    """This attempt was given up or picked up; nothing of it is left."""


@dataclass(eq=False, slots=True)
class _Entry:
    """One job. `job` is let go of with its photo once the job has ended."""

    id: str
    attempt: int
    fingerprint: str
    folder: Path
    accepted: float
    job: Job | None
    cancelled: threading.Event = field(default_factory=threading.Event)
    state: State = "queued"
    revision: int = 1
    began: float | None = None
    ended: float | None = None
    progress: Progress = field(default_factory=lambda: Progress("starting", 0, 0, "Waiting for the worker"))
    files: dict[str, Listing] = field(default_factory=dict)
    log: deque[LogLine] = field(default_factory=lambda: deque(maxlen=MOST_LOG_LINES))
    error: RenderError | None = None

    def say(self, now: float, text: str) -> None:
        self.log.append(LogLine(now - self.accepted, text))

    def seconds(self, now: float) -> float:
        return 0.0 if self.began is None else (now if self.ended is None else self.ended) - self.began


class JobTable:
    """Jobs over one worker, which it owns. Every method may be called from any thread.

    folder: where files lie until they are picked up; waiting: how many jobs may wait beside the running one;
    keep: seconds until a job that has ended is forgotten; preparation: what comes before the first job.
    """

    def __init__(
        self,
        worker: Worker,
        folder: Path,
        *,
        preparation: Preparation = (),
        waiting: int = WAITING,
        keep: float = KEEP_SECONDS,
        clock: Clock = SYSTEM,
    ) -> None:
        self._worker = worker
        self._folder = folder
        self._preparation = preparation
        self._waiting = waiting
        self._keep = keep
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._queue: deque[_Entry] = deque()
        self._running: _Entry | None = None
        self._over: OrderedDict[str, int] = OrderedDict()
        self._readiness: Readiness = "loading"
        self._touched = clock.now()
        self._closed = False
        self._changed = threading.Condition()
        self.failure: RenderError | None = None
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    # --- what may be asked

    def submit(self, job: Job) -> Snapshot:
        """Accept the job, or say again how it stands.

        Raises BadRequest, Busy, Superseded (a newer attempt is known) and JobOver.
        """
        engines.levels_of(job.request.engine, job.request.levels)
        fingerprint = hashlib.sha256(submission(job)).hexdigest()
        with self._changed:
            self._touch()
            known = self._entries.get(job.id)
            if known is not None and known.attempt == job.attempt:
                if known.fingerprint != fingerprint:
                    raise Superseded("Another request was accepted as this attempt.")
                return self._snapshot(known)
            self._refuse_the_past(job, known)
            self._refuse_too_many(known)
            if known is not None:
                self._drop(known)
            return self._snapshot(self._accept(job, fingerprint))

    def snapshot(self, identity: str, attempt: int | None = None) -> Snapshot:
        """Snapshot of the job. Raises UnknownJob, Superseded, JobOver."""
        with self._changed:
            self._touch()
            return self._snapshot(self._find(identity, attempt))

    def wait(self, identity: str, attempt: int, revision: int, seconds: float) -> Snapshot:
        """The snapshot, once it is newer than `revision`, or after `seconds`. Raises as `snapshot`."""
        with self._changed:
            self._changed.wait_for(lambda: self._find(identity, attempt).revision > revision, seconds)
            return self._snapshot(self._find(identity, attempt))

    def read(self, identity: str, name: str, attempt: int | None = None) -> tuple[Listing, bytes]:
        """A whole file. Names are looked up, never joined to a path. Raises UnknownJob, Superseded, JobOver."""
        with self._changed:
            self._touch()
            entry = self._find(identity, attempt)
            listing = entry.files.get(name)
            if listing is None:
                raise UnknownJob(name)
            path = entry.folder / listing.name
        if path.is_symlink():
            raise UnknownJob(name)
        try:
            return listing, path.read_bytes()
        except FileNotFoundError as error:  # forgotten since
            raise UnknownJob(name) from error

    def cancel(self, identity: str, attempt: int, seconds: float = 0.0) -> Snapshot:
        """Stop the job; the answer says how it stands after at most `seconds`.

        One that is not here is noted down, so that a submission which arrives late begins nothing.
        Raises UnknownJob, Superseded, JobOver.
        """
        with self._changed:
            self._touch()
            try:
                entry = self._find(identity, attempt)
            except UnknownJob:
                self._bury(identity, attempt)
                raise
            self._stop(entry)
            self._changed.wait_for(lambda: entry.state in ENDED, seconds)
            return self._snapshot(entry)

    def forget(self, identity: str, attempt: int) -> None:
        """The client has everything, or wants nothing: files go now. Raises UnknownJob, Superseded, JobOver."""
        with self._changed:
            self._touch()
            self._drop(self._find(identity, attempt))

    def purge(self) -> None:
        """Forget what ended long ago. Called now and then."""
        with self._changed:
            limit = self._clock.now() - self._keep
            for entry in [e for e in self._entries.values() if e.ended is not None and e.ended <= limit]:
                self._drop(entry)

    @property
    def readiness(self) -> Readiness:
        with self._changed:
            return "busy" if self._readiness == "ready" and self._running is not None else self._readiness

    @property
    def unfinished(self) -> int:
        """Jobs that wait or run."""
        with self._changed:
            return len(self._queue) + (self._running is not None)

    @property
    def idle_seconds(self) -> float:
        """Since anybody wanted anything; 0 while there is work."""
        with self._changed:
            return 0.0 if self._queue or self._running else self._clock.now() - self._touched

    def close(self) -> None:
        """Stop everything and remove every file. Safe to call twice."""
        with self._changed:
            self._closed = True
            for entry in list(self._entries.values()):
                self._drop(entry)
            self._changed.notify_all()
        self._thread.join(10)
        self._worker.close()

    # --- under the lock

    def _touch(self) -> None:
        self._touched = self._clock.now()

    def _refuse_the_past(self, job: Job, known: _Entry | None) -> None:
        if known is not None and known.attempt > job.attempt:
            raise Superseded
        over = self._over.get(job.id, -1)
        if over > job.attempt:
            raise Superseded
        if over == job.attempt:
            raise JobOver(job.id)

    def _refuse_too_many(self, known: _Entry | None) -> None:
        others = [entry for entry in self._queue if entry is not known]
        if self._closed or len(others) >= self._waiting:
            raise Busy(details={"retry_after": 15})

    def _accept(self, job: Job, fingerprint: str) -> _Entry:
        digest = hashlib.sha256(f"{job.id}/{job.attempt}".encode()).hexdigest()[:24]
        entry = _Entry(job.id, job.attempt, fingerprint, self._folder / digest, self._clock.now(), job)
        entry.say(entry.accepted, "Accepted")
        self._entries[job.id] = entry
        self._queue.append(entry)
        self._changed.notify_all()
        return entry

    def _find(self, identity: str, attempt: int | None) -> _Entry:
        entry = self._entries.get(identity)
        newest = max(self._over.get(identity, -1), entry.attempt if entry else -1)
        if attempt is not None and attempt < newest:
            raise Superseded
        if entry is not None and attempt in (None, entry.attempt):
            return entry
        if newest >= 0 and attempt in (None, newest):
            raise JobOver(identity)
        raise UnknownJob(identity)

    def _snapshot(self, entry: _Entry) -> Snapshot:
        return Snapshot(
            id=entry.id,
            attempt=entry.attempt,
            state=entry.state,
            revision=entry.revision,
            place=self._place(entry),
            seconds=entry.seconds(self._clock.now()),
            progress=entry.progress,
            files=tuple(entry.files.values()),
            log=tuple(entry.log),
            error=entry.error,
        )

    def _place(self, entry: _Entry) -> int:
        if entry not in self._queue:
            return 0
        return self._queue.index(entry) + (self._running is not None)

    def _stop(self, entry: _Entry) -> None:
        """A waiting job is cancelled now, a running one within a second."""
        entry.cancelled.set()
        if entry in self._queue:
            self._queue.remove(entry)
            self._end(entry, "cancelled", Cancelled())

    def _drop(self, entry: _Entry) -> None:
        """Nothing of it stays but its number. While it still renders, its thread removes the files."""
        self._stop(entry)
        self._entries.pop(entry.id, None)
        self._bury(entry.id, entry.attempt)
        if entry is not self._running:
            _remove(entry.folder)
        self._changed.notify_all()

    def _bury(self, identity: str, attempt: int) -> None:
        self._over[identity] = max(attempt, self._over.pop(identity, -1))
        while len(self._over) > MOST_TOMBSTONES:
            self._over.popitem(last=False)

    def _end(self, entry: _Entry, state: State, error: RenderError | None = None) -> None:
        entry.state, entry.error, entry.job = state, error, None
        entry.ended = self._clock.now()
        entry.revision += 1
        entry.say(entry.ended, error.sentence if error else "Done")
        if state != "done":
            entry.files.clear()
            entry.progress = replace(entry.progress, manifest=None)
            _remove(entry.folder)
        self._changed.notify_all()

    # --- the thread

    def _work(self) -> None:
        if not self._prepare():
            return
        while (entry := self._next()) is not None:
            self._perform(entry)
            with self._changed:
                self._running = None
                self._touch()
                if self._entries.get(entry.id) is not entry:
                    _remove(entry.folder)
                self._changed.notify_all()

    def _prepare(self) -> bool:
        """Whether the worker is ready for its first job; `failure` says why not."""
        try:
            for readiness, step in self._preparation:
                with self._changed:
                    self._readiness = readiness
                step()
        except RenderError as error:
            log.error("the worker cannot start: %s", error.sentence)
            self.failure = error
        except Exception:  # the boundary of the thread: its watcher must hear of every error
            log.exception("the worker cannot start")
            self.failure = WorkerDied()
        with self._changed:
            self._readiness = "ready" if self.failure is None else self._readiness
            self._touch()
        return self.failure is None

    def _next(self) -> _Entry | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._queue)
            if self._closed:
                return None
            entry = self._running = self._queue.popleft()
            entry.state, entry.began = "running", self._clock.now()
            entry.revision += 1
            return entry

    def _perform(self, entry: _Entry) -> None:
        """Every job ends in exactly one of the ended states."""
        state, error = self._outcome(entry)
        with self._changed:
            if entry.cancelled.is_set():
                state, error = "cancelled", Cancelled()
            self._end(entry, state, error)

    def _outcome(self, entry: _Entry) -> tuple[State, RenderError | None]:
        if entry.job is None:  # cancelled between queue and thread
            return "cancelled", Cancelled()
        try:
            make_folder(entry.folder)
            with closing(self._worker.render(entry.job, entry.cancelled)) as steps:
                for step in steps:
                    listings = [_kept(file, entry.folder) for file in step.files]
                    with self._changed:
                        self._advance(entry, step, listings)
        except Cancelled as error:
            return "cancelled", error
        except RenderError as error:
            return "failed", error
        except OSError as error:
            log.exception("job %s/%d could not read or write files", entry.id, entry.attempt)
            return "failed", OutputFailed(details={"reason": error.strerror or str(error)})
        except Exception:  # the boundary of the thread: the client must hear of whatever it is
            log.exception("job %s/%d failed", entry.id, entry.attempt)
            return "failed", RenderError()
        return "done", None

    def _advance(self, entry: _Entry, step: Step, listings: list[Listing]) -> None:
        before, now = entry.progress, self._clock.now()
        manifest: Manifest | None = step.progress.manifest or before.manifest
        advice = before.advice + step.progress.advice
        entry.progress = replace(step.progress, files=(), manifest=manifest, advice=advice)
        entry.files.update({listing.name: listing for listing in listings})
        entry.revision += 1
        if step.progress.stage != before.stage:
            entry.say(now, step.progress.message)
        for sentence in step.progress.advice:
            entry.say(now, sentence)
        for listing in listings:
            entry.say(now, f"{listing.name}: {listing.size:,} bytes")
        self._changed.notify_all()


def _kept(file: RenderedFile, folder: Path) -> Listing:
    """Copied, because the worker takes its own away. Raises OutputFailed, BadRequest for a name of no file."""
    if Path(file.name).name != file.name:
        raise BadRequest(f"“{file.name}” is not a file name.")
    try:
        shutil.copyfile(file.path, folder / file.name)
    except OSError as error:
        raise OutputFailed(details={"file": file.name, "reason": error.strerror or str(error)}) from error
    return Listing(file.name, file.sha256, file.size)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
