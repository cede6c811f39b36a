"""Decoding of strangers' files: never in the site's process, but in children of the airlock's own.

This is the site's end; sandbox_server.py is the other. Replies come back as bytes, not pickles: a
decoder that was taken over must not be able to run anything here.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from portraits.uploads.fair_queue import FairQueue, Requester
from portraits.uploads.sandbox_limits import Limits
from portraits.uploads.sandbox_server import ALIVE, FAILED_REPLY, REPORT, End

log = logging.getLogger(__name__)

ANYBODY = Requester()

ENVIRONMENT = {
    # One thread each: the keeper forks, and threads do not survive that.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Each thread's own arena would count as 64 MB of address space.
    "MALLOC_ARENA_MAX": "1",
    "PYTHONPATH": str(Path(__file__).parents[2]),
}
"""All that the airlock inherits: the site's secrets are not in it."""

CHUNK = 1 << 18
MOST_REPLY = 64 << 20
WAITING_FOR_EACH = 12
"""Uploads in line for each child that may run; they take about a second each. The others hear at once."""
MOST_OF_PERSON = 2
"""Uploads of one person, at work and in line together."""
PATIENCE = 15.0
"""Seconds in line."""
ANSWER_SECONDS = 5.0
"""Longest silence of a keeper that has been loaded; it sends a byte every second while a child works."""
START_SECONDS = 10.0
"""Time to load for the first start; each start that fails in a row doubles it, up to MOST_START_SECONDS."""
MOST_START_SECONDS = 60.0
MOST_DELAY = 30.0
"""Most seconds between failed starts; the delay begins at one second and doubles."""


class Readable(Protocol):
    """An open binary file, such as Django's UploadedFile."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, position: int, /) -> int: ...


class AirlockError(Exception):
    """The upload went in and no reply came out."""


class AirlockUnavailable(AirlockError):
    """The keeper does not start, does not answer or was killed; the upload has nothing to do with it."""


class TooMuch(AirlockError):
    """The upload is longer than allowed."""


class ChamberLimited(AirlockError):
    """It used all the processor time that an upload may take."""


class ChamberFailed(AirlockError):
    """It crashed or raised; the message says how."""


class ChamberKilled(AirlockError):
    """It was killed from outside or made no progress: by chance, or each time that this upload comes.

    sha256: of the upload, hexadecimal.
    """

    def __init__(self, message: str, sha256: str) -> None:
        self.sha256 = sha256
        super().__init__(message)


_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS)


@dataclass(frozen=True)
class Passed:
    """reply: what the chamber made of the upload. sha256: of the upload, hexadecimal."""

    reply: bytes
    sha256: str


@dataclass
class _Keeper:
    """A keeper process. control: our end, which never blocks. start_seconds: time that it has to load."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    start_seconds: float
    started_at: float = field(default_factory=time.monotonic)
    _loaded: bool = False

    @property
    def loaded(self) -> bool:
        """Whether it has said so."""
        if not self._loaded:
            with suppress(OSError):
                self._loaded = self.control.recv(1) == ALIVE
        return self._loaded

    @property
    def start_left(self) -> float:
        """Seconds in which it may still load."""
        return 0.0 if self.loaded else self.started_at + self.start_seconds - time.monotonic()

    @property
    def silence_allowed(self) -> float:
        """Seconds from now after which it counts as stuck."""
        return max(ANSWER_SECONDS, self.start_left)

    def end(self, patience: float) -> None:
        """Closed, and killed when it has not ended within `patience` seconds; its children end with it."""
        self.control.close()
        try:
            self.process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Airlock:
    """Start it when the site boots; a keeper that was killed or is stuck is replaced. Safe to use from many threads."""

    def __init__(
        self, chamber: str = "portraits.uploads.photo_analysis", limits: Limits | None = None, size: int | None = None
    ):
        """chamber: module of the work. size: how many uploads are worked on at once; as many as cores."""
        self._chamber = chamber
        self._limits = limits or Limits()
        size = size or _cores()
        waiting = size * WAITING_FOR_EACH
        self._queue = FairQueue(size, waiting, per_person=MOST_OF_PERSON, per_address=(size + waiting) // 2)
        self._lock = threading.Lock()
        self._keeper: _Keeper | None = None
        self._failed_starts = 0
        self._not_before = 0.0

    @property
    def process_id(self) -> int | None:
        """The keeper's, None when it is not running."""
        keeper = self._keeper  # another thread may close it
        return keeper.process.pid if keeper is not None and keeper.process.poll() is None else None

    def start(self) -> None:
        """Begin loading; returns at once. Does nothing when it is running."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the keeper and its children, whatever they are doing. Safe to call twice."""
        with self._lock:
            if self._keeper is not None:
                self._keeper.end(patience=1)
            self._keeper = None

    def check(self) -> None:
        """Raises AirlockUnavailable while the keeper fails to start; starts one when it is time to try again.

        Raises nothing where the keeper was never started.
        """
        with self._lock:
            if self._keeper is None and not self._failed_starts:
                return
            if not self._running().loaded and self._failed_starts:
                raise AirlockUnavailable(f"the keeper failed to start {self._failed_starts} times in a row")

    def __call__(self, upload: Readable, most_bytes: int, requester: Requester = ANYBODY) -> Passed:
        """Send an upload through, read from where the file stands; blocks until the child is gone.

        Raises QueueFull or a kind of it, or a kind of AirlockError.
        """
        with self._queue.place(requester, PATIENCE), self._opened() as (keeper, data, watch):
            sha256 = self._send(upload, keeper, data, most_bytes)
            reply, end = self._received(keeper, data, watch)
        _judge(end, sha256)
        if reply.startswith(FAILED_REPLY):
            raise ChamberFailed(reply.removeprefix(FAILED_REPLY).decode(errors="replace"))
        return Passed(reply, sha256)

    def _running(self) -> _Keeper:
        """A keeper that runs, started when there is none. Raises AirlockUnavailable between failed starts."""
        keeper = self._keeper
        if keeper is not None and keeper.process.poll() is not None:
            self._lose(keeper, "it ended")
        elif keeper is not None and keeper.loaded:
            self._failed_starts = 0
        elif keeper is not None and keeper.start_left < 0:
            self._lose(keeper, "it does not start")
        if self._keeper is None:
            if time.monotonic() < self._not_before:
                raise AirlockUnavailable("the keeper failed to start a moment ago")
            self._keeper = self._started()
        return self._keeper

    def _started(self) -> _Keeper:
        control, theirs = socket.socketpair()
        control.setblocking(False)
        with theirs:
            process = subprocess.Popen(
                self._command(theirs.fileno()),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=ENVIRONMENT,
                start_new_session=True,  # Ctrl-C is the site's business
            )
        return _Keeper(process, control, min(START_SECONDS * 2**self._failed_starts, MOST_START_SECONDS))

    def _lose(self, keeper: _Keeper, why: str) -> None:
        """End a keeper that is of no use; the next upload starts another, later and later if none ever loads."""
        if self._keeper is not keeper:
            return  # another thread was faster
        log.error("The decoders' keeper %d is replaced: %s.", keeper.process.pid, why)
        loaded = keeper.loaded
        keeper.end(patience=0)
        self._keeper = None
        if not loaded:
            self._not_before = time.monotonic() + min(2.0**self._failed_starts, MOST_DELAY)
            self._failed_starts += 1

    def _stuck(self, keeper: _Keeper, why: str) -> AirlockUnavailable:
        """The error for the upload, once that keeper is gone."""
        with self._lock:
            self._lose(keeper, why)
        return AirlockUnavailable(why)

    def _command(self, control: int) -> list[str]:
        limits = json.dumps(asdict(self._limits))
        return [sys.executable, "-P", "-m", "portraits.uploads.sandbox_server", str(control), self._chamber, limits]

    @contextmanager
    def _opened(self) -> Iterator[tuple[_Keeper, socket.socket, socket.socket]]:
        """A keeper, and our ends of `data` and `watch` to a new child of it; closing them kills the child."""
        data, their_data = socket.socketpair()
        watch, their_watch = socket.socketpair()
        with data, watch:
            with their_data, their_watch:
                keeper = self._admit(their_data, their_watch)
            yield keeper, data, watch

    def _admit(self, data: socket.socket, watch: socket.socket) -> _Keeper:
        with self._lock:
            keeper = self._running()
            try:
                socket.send_fds(keeper.control, [b"!"], [data.fileno(), watch.fileno()])
            except OSError as error:  # killed in between, or its queue is full because it does not read
                self._lose(keeper, f"it takes no uploads: {error}")
                raise AirlockUnavailable("the keeper takes no uploads") from error
            return keeper

    def _send(self, upload: Readable, keeper: _Keeper, data: socket.socket, most_bytes: int) -> str:
        """The upload's SHA-256, once it has gone out. Raises TooMuch or AirlockUnavailable."""
        digest, sent = hashlib.sha256(), 0
        while chunk := upload.read(CHUNK):
            sent += len(chunk)
            if sent > most_bytes:
                raise TooMuch
            digest.update(chunk)
            # A child that does not read is killed by the keeper after `stuck_seconds`.
            data.settimeout(self._limits.stuck_seconds + keeper.silence_allowed)
            try:
                data.sendall(chunk)
            except TimeoutError as error:
                raise self._stuck(keeper, "it took no upload in time") from error
            except OSError:
                break  # the child is gone; its end says why
        else:
            with suppress(OSError):
                data.shutdown(socket.SHUT_WR)
        return digest.hexdigest()

    def _received(self, keeper: _Keeper, data: socket.socket, watch: socket.socket) -> tuple[bytes, bytes]:
        """The reply and the report of the child's end. Raises ChamberFailed or AirlockUnavailable."""
        reply, report = bytearray(), b""
        with selectors.DefaultSelector() as selector:
            selector.register(data, selectors.EVENT_READ)
            selector.register(watch, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(keeper.silence_allowed)
                if not ready:
                    raise self._stuck(keeper, "it does not answer")
                for key, _ in ready:
                    chunk = _chunk(key.fileobj)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is data:
                        reply += chunk
                    else:
                        report += chunk.lstrip(ALIVE) if not report else chunk
                if len(reply) > MOST_REPLY:
                    raise ChamberFailed(f"more than {MOST_REPLY} bytes of reply")
        if len(report) != REPORT.size:
            raise self._stuck(keeper, "it ended")
        return bytes(reply), report


def _chunk(source: Any) -> bytes:
    """Bytes that are there to read; empty when the source is closed or was reset."""
    try:
        return bytes(source.recv(CHUNK))
    except ConnectionResetError:
        return b""


def _judge(report: bytes, sha256: str) -> None:
    """Raises what a child's end means; nothing when it ended well."""
    kind, status = REPORT.unpack(report)
    if kind == End.FORK_FAILED:
        raise AirlockUnavailable("no process could be started")
    if kind == End.STUCK:
        raise ChamberKilled("it made no progress", sha256)
    if status == -signal.SIGXCPU:
        raise ChamberLimited("processor time")
    if -status in _CRASHES or status > 0:
        raise ChamberFailed(f"ended with status {status}")
    if status:
        raise ChamberKilled(f"killed by signal {-status}", sha256)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
