"""Worker: an iterator of progress and whole files, wherever the rendering happens.

`LocalWorker` renders in processes of this machine. Every other worker gives the same steps, so that
the caller of a render never asks where it runs.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from gpuworker.contract import Progress, RenderRequest
from gpuworker.errors import Cancelled
from gpuworker.rendering.process_pool import Cancellation, ProcessPool
from gpuworker.rendering.scheduler import render

log = logging.getLogger(__name__)

CLOSING_SECONDS = 5.0
"""Time in which a job must notice that its worker is being closed."""


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at one render. `id` and `attempt` together name it: a worker fences by the attempt."""

    id: str
    attempt: int
    request: RenderRequest


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A whole file of a job, readable at `path` until the next step is asked for.

    sha256: of its bytes, hexadecimal; size: bytes.
    """

    name: str
    path: Path
    sha256: str
    size: int

    @classmethod
    def at(cls, path: Path) -> RenderedFile:
        """Hash a file that is in place."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path.name, path, digest, path.stat().st_size)


Phase = Literal["provisioning", "pulling", "booting", "loading", "warming", "ready"]
"""Phase of a rented machine until its first frame, in this order."""


@dataclass(frozen=True, slots=True)
class Step:
    """Progress, with the files that became whole since the step before.

    A manifest in `progress` lists only files of this and earlier steps.
    phase: how far a machine that has to be rented is, until it works on the job.
    seconds: of rendering so far, as the worker counts them; 0 where it does not.
    """

    progress: Progress
    files: tuple[RenderedFile, ...] = ()
    phase: Phase | None = None
    seconds: float = 0.0


class Worker(Protocol):
    """Interface of everything that renders. One job at a time unless it says otherwise."""

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        """The steps of the job, the last one with stage `done`.

        Closing the iterator, or setting `cancelled` (which raises Cancelled), stops the work within a
        second and leaves nothing behind. Raises RenderError.
        """

    def close(self) -> None:
        """Let go of whatever it holds. Safe to call twice."""


class LocalWorker:
    """Worker with a process pool on this machine; jobs wait for each other.

    Two of them share nothing: a job of one never waits for the other's, and no cancellation reaches the other's
    processes. So a site keeps one small and warm for rigs (`size` 1, no `idle_seconds`) and one for sheets, with a
    higher niceness, whose processes are spawned by its first job and end when they have been idle.

    folder: where files lie while a job runs, on a disk with room for one (60 MB); None is the system's.
    size, niceness: as ProcessPool's.
    idle_seconds: time without a job after which the processes end; None keeps them.
    """

    def __init__(
        self,
        folder: Path | None = None,
        size: int | None = None,
        engine: str = "warp",
        niceness: int = 0,
        idle_seconds: float | None = None,
    ) -> None:
        self._niceness = niceness
        self._folder = folder
        self._pool_size = size
        self._engine = engine
        self._idle_seconds = idle_seconds
        self._pool: ProcessPool | None = None
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._idle_timer: threading.Timer | None = None

    def warm(self) -> None:
        """Spawn the processes now, so that the first job need not wait for them."""
        with self._turn:
            self._ready_pool()
            self._end_when_idle()

    def wait_ready(self) -> None:
        """Block until every process has loaded its engine. Raises WorkerDied when one cannot."""
        with self._turn:
            self._ready_pool().wait_ready()
            self._end_when_idle()

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        """Steps, as Worker.render; waits for the job before it. Raises Cancelled when the worker is closed."""
        stopped = _AnyOf(self._closing, *([cancelled] if cancelled else []))
        self._take_turn(stopped)
        try:
            with (
                tempfile.TemporaryDirectory(dir=self._folder, prefix="render-", ignore_cleanup_errors=True) as name,
                closing(render(job.request, Path(name), self._ready_pool(), stopped)) as steps,
            ):
                for progress in steps:
                    yield Step(progress, tuple(RenderedFile.at(Path(name) / each) for each in progress.files))
        finally:
            self._end_when_idle()
            self._turn.release()

    def close(self) -> None:
        """Stop the job under way and kill the processes. No job is taken any more."""
        self._closing.set()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        ended = self._turn.acquire(timeout=CLOSING_SECONDS)
        try:
            self._end_processes()
        finally:
            if ended:
                self._turn.release()

    def _ready_pool(self) -> ProcessPool:
        if self._pool is None:
            self._pool = ProcessPool(self._pool_size, self._engine, self._niceness)
        return self._pool

    def _end_when_idle(self) -> None:
        """Have the processes end later, unless a job comes before. Called in turn."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._idle_seconds is not None and not self._closing.is_set():
            self._idle_timer = threading.Timer(self._idle_seconds, self._end_if_idle)
            self._idle_timer.daemon = True
            self._idle_timer.start()

    def _end_if_idle(self) -> None:
        """A job under way sets the timer again when it ends."""
        if self._turn.acquire(blocking=False):
            try:
                self._end_processes()
            finally:
                self._turn.release()

    def _end_processes(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _take_turn(self, cancelled: Cancellation) -> None:
        while not self._turn.acquire(timeout=0.1):
            if cancelled.is_set():
                raise Cancelled
        if cancelled.is_set():
            self._turn.release()
            raise Cancelled


class _AnyOf:
    """Cancellation that is set as soon as one of several events is."""

    def __init__(self, *events: threading.Event) -> None:
        self._events = events

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)
