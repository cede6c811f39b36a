"""Client of the forking sandbox that decodes uploads; sandbox_server.py is the other end.

Uploads are decoded only in the sandbox's limited child processes, never in the site's own. Replies are bytes, not
pickles: a compromised decoder must not be able to run code here.
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

ANONYMOUS = Requester()

ENVIRONMENT = {
    # One thread each: the server forks, and threads do not survive that.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Each thread's own arena would count as 64 MB of address space.
    "MALLOC_ARENA_MAX": "1",
    "PYTHONPATH": str(Path(__file__).parents[2]),
}
"""Whole environment of the sandbox server: it contains none of the site's secrets."""

CHUNK = 1 << 18
"""Bytes that are sent or received at a time."""
MAX_REPLY_BYTES = 64 << 20
QUEUE_PER_CHILD = 12
"""Waiting uploads for each child that may run; each takes about a second. More are refused at once."""
MAX_PER_PERSON = 2
"""Uploads of one person, running and waiting together."""
QUEUE_TIMEOUT = 15.0
"""Seconds that an upload waits for its turn at most."""
ANSWER_SECONDS = 5.0
"""Longest silence of a loaded server, seconds; it sends a byte every second while a child works."""
START_SECONDS = 10.0
"""Time to load at the first start; each failed start in a row doubles it, up to MAX_START_SECONDS."""
MAX_START_SECONDS = 60.0
MAX_RESTART_DELAY = 30.0
"""Longest delay between failed starts, seconds; it begins at one second and doubles."""


class Readable(Protocol):
    """Open binary file, such as Django's UploadedFile."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, position: int, /) -> int: ...


class SandboxError(Exception):
    """Failure to get a reply for an upload."""


class SandboxUnavailable(SandboxError):
    """The sandbox server does not start, does not answer or was killed; the upload is not the cause."""


class UploadTooLarge(SandboxError):
    """The upload is longer than allowed."""


class SandboxLimitExceeded(SandboxError):
    """The handler used all the processor time that an upload may take."""


class HandlerFailed(SandboxError):
    """The handler crashed or raised; the message says how."""


class HandlerKilled(SandboxError):
    """The handler was killed from outside or made no progress: by chance, or each time that this upload comes.

    sha256: the upload's, hexadecimal.
    """

    def __init__(self, message: str, sha256: str) -> None:
        self.sha256 = sha256
        super().__init__(message)


_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS)


@dataclass(frozen=True)
class SandboxResult:
    """Reply of the handler to one upload."""

    reply: bytes
    """Bytes that the handler returned; not trusted."""
    sha256: str
    """SHA-256 of the upload, hexadecimal."""


@dataclass
class _ServerProcess:
    """Running sandbox server."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    """Our end of its control socket; never blocks."""
    start_seconds: float
    """Time that it has to load."""
    started_at: float = field(default_factory=time.monotonic)
    _loaded: bool = False

    @property
    def loaded(self) -> bool:
        """Whether it has reported that everything is loaded."""
        if not self._loaded:
            with suppress(OSError):
                self._loaded = self.control.recv(1) == ALIVE
        return self._loaded

    @property
    def start_left(self) -> float:
        """Seconds that are left to load; 0 once it is loaded."""
        return 0.0 if self.loaded else self.started_at + self.start_seconds - time.monotonic()

    @property
    def silence_allowed(self) -> float:
        """Seconds of silence after which it counts as stuck."""
        return max(ANSWER_SECONDS, self.start_left)

    def end(self, timeout: float) -> None:
        """Close it, and kill it when it has not ended within `timeout` seconds; its children end with it."""
        self.control.close()
        try:
            self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Sandbox:
    """Forking sandbox that decodes uploads under resource limits. Thread-safe; a dead or stuck server is replaced."""

    def __init__(
        self, handler: str = "portraits.uploads.photo_analysis", limits: Limits | None = None, size: int | None = None
    ):
        """handler: module that implements sandbox_server.Handler. size: uploads handled at once; default one a core."""
        self._handler = handler
        self._limits = limits or Limits()
        size = size or _cores()
        waiting = size * QUEUE_PER_CHILD
        self._queue = FairQueue(size, waiting, per_person=MAX_PER_PERSON, per_address=(size + waiting) // 2)
        self._lock = threading.Lock()
        self._server: _ServerProcess | None = None
        self._failed_starts = 0
        self._not_before = 0.0

    @property
    def process_id(self) -> int | None:
        """Process id of the server; None when it is not running."""
        server = self._server  # another thread may close it
        return server.process.pid if server is not None and server.process.poll() is None else None

    def start(self) -> None:
        """Start the server, unless it runs already; returns before it is loaded."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """Kill the server and its children. Safe to call twice."""
        with self._lock:
            if self._server is not None:
                self._server.end(timeout=1)
            self._server = None

    def check(self) -> None:
        """Readiness check. Raises SandboxUnavailable while the server fails to start; starts one when a retry is due.

        Raises nothing where the server was never started.
        """
        with self._lock:
            if self._server is None and not self._failed_starts:
                return
            if not self._running().loaded and self._failed_starts:
                raise SandboxUnavailable(f"the server failed to start {self._failed_starts} times in a row")

    def __call__(self, upload: Readable, max_bytes: int, requester: Requester = ANONYMOUS) -> SandboxResult:
        """Handle an upload, read from the file's current position; blocks until the child has ended.

        Raises QueueFull, SandboxError, or a subclass of either.
        """
        with self._queue.place(requester, QUEUE_TIMEOUT), self._child() as (server, data, monitor):
            sha256 = self._send(upload, server, data, max_bytes)
            reply, end = self._receive(server, data, monitor)
        _raise_for_exit(end, sha256)
        if reply.startswith(FAILED_REPLY):
            raise HandlerFailed(reply.removeprefix(FAILED_REPLY).decode(errors="replace"))
        return SandboxResult(reply, sha256)

    def _running(self) -> _ServerProcess:
        """Running server, started when there is none. Raises SandboxUnavailable between failed starts."""
        server = self._server
        if server is not None and server.process.poll() is not None:
            self._discard(server, "it ended")
        elif server is not None and server.loaded:
            self._failed_starts = 0
        elif server is not None and server.start_left < 0:
            self._discard(server, "it does not start")
        if self._server is None:
            if time.monotonic() < self._not_before:
                raise SandboxUnavailable("the server failed to start a moment ago")
            self._server = self._started()
        return self._server

    def _started(self) -> _ServerProcess:
        control, theirs = socket.socketpair()
        control.setblocking(False)
        with theirs:
            process = subprocess.Popen(
                self._command(theirs.fileno()),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=ENVIRONMENT,
                start_new_session=True,  # so that Ctrl-C reaches only the site
            )
        return _ServerProcess(process, control, min(START_SECONDS * 2**self._failed_starts, MAX_START_SECONDS))

    def _discard(self, server: _ServerProcess, why: str) -> None:
        """End a useless server; the next upload starts another, after growing delays while none loads."""
        if self._server is not server:
            return  # another thread was faster
        log.error("The sandbox server %d is replaced: %s.", server.process.pid, why)
        loaded = server.loaded
        server.end(timeout=0)
        self._server = None
        if not loaded:
            self._not_before = time.monotonic() + min(2.0**self._failed_starts, MAX_RESTART_DELAY)
            self._failed_starts += 1

    def _discard_stuck(self, server: _ServerProcess, why: str) -> SandboxUnavailable:
        """Error for the upload, made once that server has been discarded."""
        with self._lock:
            self._discard(server, why)
        return SandboxUnavailable(why)

    def _command(self, control: int) -> list[str]:
        limits = json.dumps(asdict(self._limits))
        return [sys.executable, "-P", "-m", "portraits.uploads.sandbox_server", str(control), self._handler, limits]

    @contextmanager
    def _child(self) -> Iterator[tuple[_ServerProcess, socket.socket, socket.socket]]:
        """Server, and our ends of `data` and `monitor` to a new child of it; closing them kills the child."""
        data, their_data = socket.socketpair()
        monitor, their_monitor = socket.socketpair()
        with data, monitor:
            with their_data, their_monitor:
                server = self._request_child(their_data, their_monitor)
            yield server, data, monitor

    def _request_child(self, data: socket.socket, monitor: socket.socket) -> _ServerProcess:
        with self._lock:
            server = self._running()
            try:
                socket.send_fds(server.control, [b"!"], [data.fileno(), monitor.fileno()])
            except OSError as error:  # killed in between, or its queue is full because it does not read
                self._discard(server, f"it takes no uploads: {error}")
                raise SandboxUnavailable("the server takes no uploads") from error
            return server

    def _send(self, upload: Readable, server: _ServerProcess, data: socket.socket, max_bytes: int) -> str:
        """Send the upload and return its SHA-256. Raises UploadTooLarge or SandboxUnavailable."""
        digest, sent = hashlib.sha256(), 0
        while chunk := upload.read(CHUNK):
            sent += len(chunk)
            if sent > max_bytes:
                raise UploadTooLarge
            digest.update(chunk)
            # A child that does not read is killed by the server after `stuck_seconds`.
            data.settimeout(self._limits.stuck_seconds + server.silence_allowed)
            try:
                data.sendall(chunk)
            except TimeoutError as error:
                raise self._discard_stuck(server, "it took no upload in time") from error
            except OSError:
                break  # the child is gone; its end says why
        else:
            with suppress(OSError):
                data.shutdown(socket.SHUT_WR)
        return digest.hexdigest()

    def _receive(self, server: _ServerProcess, data: socket.socket, monitor: socket.socket) -> tuple[bytes, bytes]:
        """Reply, and report of the child's end. Raises HandlerFailed or SandboxUnavailable."""
        reply, report = bytearray(), b""
        with selectors.DefaultSelector() as selector:
            selector.register(data, selectors.EVENT_READ)
            selector.register(monitor, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(server.silence_allowed)
                if not ready:
                    raise self._discard_stuck(server, "it does not answer")
                for key, _ in ready:
                    chunk = _chunk(key.fileobj)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is data:
                        reply += chunk
                    else:
                        report += chunk.lstrip(ALIVE) if not report else chunk
                if len(reply) > MAX_REPLY_BYTES:
                    raise HandlerFailed(f"more than {MAX_REPLY_BYTES} bytes of reply")
        if len(report) != REPORT.size:
            raise self._discard_stuck(server, "it ended")
        return bytes(reply), report


def _chunk(source: Any) -> bytes:
    """Bytes that are ready to read; empty when the source is closed or was reset."""
    try:
        return bytes(source.recv(CHUNK))
    except ConnectionResetError:
        return b""


def _raise_for_exit(report: bytes, sha256: str) -> None:
    """Raise the error that a child's end stands for; nothing when it ended well."""
    kind, status = REPORT.unpack(report)
    if kind == End.FORK_FAILED:
        raise SandboxUnavailable("no process could be started")
    if kind == End.STUCK:
        raise HandlerKilled("it made no progress", sha256)
    if status == -signal.SIGXCPU:
        raise SandboxLimitExceeded("processor time")
    if -status in _CRASHES or status > 0:
        raise HandlerFailed(f"ended with status {status}")
    if status:
        raise HandlerKilled(f"killed by signal {-status}", sha256)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
