"""Process pool of the renderer: processes that are spawned, kept warm, and killed at once.

Spawned and not forked, because the parent may be a server with threads.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Protocol

from gpuworker import cores
from gpuworker.engines import SINGLE
from gpuworker.errors import Cancelled, WorkerDied
from gpuworker.rendering.heartbeat import HangDetector, Heartbeat
from gpuworker.rendering.messages import Alive, Done, Failed, Order, Ready, Reply, Taken, Task

log = logging.getLogger(__name__)

MOST_PROCESSES = 4
ENVIRONMENT = {
    # One BLAS thread each: several under contention turn a 50 ms solve into seconds.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # glibc gives a sheet's memory back after each and takes it again, 700,000 page faults in a render.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "2000000000",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
}
POLL_SECONDS = 0.1
"""Longest time until a cancellation from another thread is noticed."""

ANALYST = 0
"""The member that finds faces; the others need not load the models for it."""

_environment_lock = threading.Lock()


def default_size() -> int:
    """Two to four processes, by the cores that this process may use."""
    return max(2, min(MOST_PROCESSES, cores.usable()))


class Cancellation(Protocol):
    """Flag that a render looks at several times a second; a threading.Event is one. Nothing waits for it."""

    def is_set(self) -> bool: ...


class ProcessPool:
    """Pool of rendering processes. Start it early and reuse it: a warm pool saves a second a render.

    One render at a time. `close` (or leaving the with block) kills the processes at once.
    niceness: how far they stand back behind everybody else's processes, 0 … 19.
    """

    def __init__(self, size: int | None = None, engine: str = "warp", niceness: int = 0) -> None:
        self._engine = engine
        self._niceness = niceness
        self._size = size or (1 if engine in SINGLE else default_size())
        self._numbers = 0
        self._members: list[Member] = []
        self.start()

    def start(self) -> None:
        """Spawn the processes, unless all of them run."""
        if not self.whole:
            self.close()
        if not self._members:
            with _environment(ENVIRONMENT):
                self._members = [
                    Member.spawn(self._engine, self._niceness, analyst=index == ANALYST) for index in range(self._size)
                ]

    def close(self) -> None:
        """Kill every process, whatever it is doing. Safe to call twice."""
        for member in self._members:
            member.process.kill()
        for member in self._members:
            member.process.join()
            member.process.close()
            member.pipe.close()
        self._members = []

    @property
    def size(self) -> int:
        return self._size

    @property
    def idle(self) -> Iterator[int]:
        """Members whose main thread has nothing to do."""
        return (index for index, member in enumerate(self._members) if not member.busy)

    @property
    def whole(self) -> bool:
        """No process has ended."""
        return not wait([member.process.sentinel for member in self._members], timeout=0)

    @property
    def quiet(self) -> bool:
        """Nothing is under way in any process."""
        return all(not member.busy and not member.aside for member in self._members)

    @property
    def process_ids(self) -> list[int]:
        return [member.process.pid or 0 for member in self._members]

    def order(self, member: int, task: Task, *, aside: bool = False) -> int:
        """Send a task; returns the number that its replies carry. `aside` tasks do not make a member busy.

        Raises WorkerDied when the process is gone.
        """
        self._numbers += 1
        if not self._members[member].at_work:
            self._members[member].hang_detector.begin()
        try:
            self._members[member].pipe.send(Order(self._numbers, task))
        except (BrokenPipeError, ConnectionResetError) as error:
            raise WorkerDied from error
        (self._members[member].aside if aside else self._members[member].busy).add(self._numbers)
        return self._numbers

    def replies(self, cancelled: Cancellation | None = None) -> list[Done | Taken]:
        """Block until something is answered.

        Raises Cancelled, WorkerDied (also of a process that hangs, which is killed), or the error that a task ended
        with.
        """
        while True:
            if cancelled is not None and cancelled.is_set():
                raise Cancelled
            found, ended = self._listen(self._members)
            if found:
                return found
            if ended:
                raise WorkerDied

    def wait_ready(self, cancelled: Cancellation | None = None) -> None:
        """Block until every process has loaded its libraries: a pipe without a reader would block a large order.

        Raises Cancelled, WorkerDied, and once the reason why an engine cannot work; every render raises it again.
        """
        while any(not member.ready for member in self._members):
            if cancelled is not None and cancelled.is_set():
                raise Cancelled
            self._listen([member for member in self._members if not member.ready])

    def _listen(self, members: Sequence[Member]) -> tuple[list[Done | Taken], bool]:
        """Replies of these within one poll, and whether one of them has ended. Raises as `replies`."""
        began = time.monotonic()
        answered = wait([each for member in members for each in (member.pipe, member.process.sentinel)], POLL_SECONDS)
        passed = min(time.monotonic() - began, 2 * POLL_SECONDS)  # more only if this process itself was stopped
        found: list[Done | Taken] = []
        for member in members:
            if member.pipe in answered:
                found += member.read()
            elif member.at_work:
                self._replace_if_hung(member, passed)
        return found, any(member.process.sentinel in answered for member in members)

    @staticmethod
    def _replace_if_hung(member: Member, passed: float) -> None:
        """Kill the process when it has been silent for too long, and raise WorkerDied."""
        why = member.hang_detector.wait(passed)
        if why is not None:
            log.error("rendering process %s %s: it is replaced", member.process.pid, why)
            member.process.kill()
            member.process.join()
            raise WorkerDied("A rendering process stopped answering. Please try again.")

    def __enter__(self) -> ProcessPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Member:
    """Process of the pool, with its pipe.

    busy, aside: numbers of the orders that its main thread and its encoder have.
    """

    def __init__(self, process: BaseProcess, pipe: Connection, *, waits_for_device: bool = False) -> None:
        self.process = process
        self.pipe = pipe
        self.hang_detector = HangDetector(waits_for_device=waits_for_device)
        self.busy: set[int] = set()
        self.aside: set[int] = set()
        self.ready = False

    @classmethod
    def spawn(cls, engine: str, niceness: int, *, analyst: bool) -> Member:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_enter, args=(theirs, engine, niceness, analyst), daemon=True)
        # A Ctrl-C is for the parent; blocked from the first instruction on, the mask survives the spawn.
        # The first spawn would start the tracker, which unblocks it again.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        return cls(process, ours, waits_for_device=engine in SINGLE)

    @property
    def at_work(self) -> bool:
        """Whether it must give signs of life."""
        return bool(self.busy or self.aside or not self.ready)

    def read(self) -> list[Done | Taken]:
        """The replies that lie in the pipe; none when it was a sign of life.

        Raises WorkerDied, or the error that a task ended with.
        """
        found: list[Done | Taken] = []
        try:
            while True:
                reply: Reply = self.pipe.recv()
                self.hang_detector.hear(reply)
                if isinstance(reply, Ready):
                    self.ready = True
                    if reply.error is not None:
                        raise reply.error
                elif not isinstance(reply, Alive):
                    if not isinstance(reply, Taken):
                        self.busy.discard(reply.number)
                        self.aside.discard(reply.number)
                    if isinstance(reply, Failed):
                        raise reply.error
                    found.append(reply)
                if not self.pipe.poll():
                    return found
        except (EOFError, ConnectionResetError) as error:
            raise WorkerDied from error


def _enter(pipe: Connection, engine: str, niceness: int, analyst: bool) -> None:
    os.nice(niceness)
    heart = Heartbeat.started(pipe)
    # Imported here, so that the parent itself stays free of NumPy, OpenCV and the models.
    from gpuworker.rendering.process_main import main

    main(pipe, heart, engine, analyst)


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Both libraries read theirs when they are loaded, which is before any code of the process runs."""
    with _environment_lock:
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
