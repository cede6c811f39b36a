"""Where strangers' files are decoded: never in the site's process, but in children of the airlock's own.

This is the site's end; airlock_keeper.py is the other. What comes back is bytes, not pickles: a
decoder that was taken over must not be able to run anything here.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from portraits.airlock_keeper import FAILED_REPLY, STATUS
from portraits.limits import Limits

ENVIRONMENT = {
    # One thread each: the keeper forks, and threads do not survive that.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Each thread's own arena would count as 64 MB of address space.
    "MALLOC_ARENA_MAX": "1",
    "PYTHONPATH": str(Path(__file__).parents[1]),
}
"""All that the airlock inherits: the site's secrets are not in it."""

CHUNK = 1 << 18
MOST_REPLY = 64 << 20
WAITING_FOR_EACH = 12
"""Uploads in line for each child that may run; they take about a second each. The others hear at once."""
PATIENCE = 15.0
"""Seconds in line, and how much longer than the keeper's own limits anything may take."""


class Readable(Protocol):
    """An open binary file, such as Django's UploadedFile."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, position: int, /) -> int: ...


class AirlockError(Exception):
    """The upload went in and no reply came out."""


class AirlockBusy(AirlockError):
    """Too many are waiting."""


class TooMuch(AirlockError):
    """The upload is longer than allowed."""


class ChamberKilled(AirlockError):
    """It ran into a limit."""


class ChamberFailed(AirlockError):
    """It crashed or raised; the message says how."""


_LIMIT_SIGNALS = (signal.SIGKILL, signal.SIGXCPU)


@dataclass(frozen=True)
class Passed:
    """reply: what the chamber made of the upload. sha256: of the upload, hexadecimal."""

    reply: bytes
    sha256: str


class Airlock:
    """Start it when the site boots; it starts itself anew when it was killed. Safe to use from many threads."""

    def __init__(self, chamber: str = "portraits.examiner", limits: Limits | None = None, size: int | None = None):
        """chamber: module of the work. size: how many uploads are worked on at once; as many as cores."""
        self._chamber = chamber
        self._limits = limits or Limits()
        self._size = size or _cores()
        self._places = threading.BoundedSemaphore(self._size)
        self._line = threading.BoundedSemaphore(self._size * (1 + WAITING_FOR_EACH))
        self._lock = threading.Lock()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def process_id(self) -> int | None:
        """The keeper's, None when it is not running."""
        keeper = self._keeper  # another thread may close it
        return keeper.pid if keeper is not None and keeper.poll() is None else None

    def start(self) -> None:
        """Begin loading; returns at once. Does nothing when it is running."""
        with self._lock:
            self._started()

    def close(self) -> None:
        """End the keeper and its children, whatever they are doing. Safe to call twice."""
        with self._lock:
            self._ended()

    def __call__(self, upload: Readable, most_bytes: int) -> Passed:
        """Send an upload through, read from where the file stands; blocks until the child is gone.

        Raises AirlockBusy, TooMuch, ChamberKilled or ChamberFailed.
        """
        with self._turn(), self._opened() as (data, watch):
            sha256 = self._send(upload, data, most_bytes)
            reply = self._received(data)
            status = self._status(watch)
        if status < 0 and -status in _LIMIT_SIGNALS:
            raise ChamberKilled(f"killed by signal {-status}")
        if status:
            raise ChamberFailed(f"ended with status {status} after {len(reply)} bytes")
        if reply.startswith(FAILED_REPLY):
            raise ChamberFailed(reply.removeprefix(FAILED_REPLY).decode(errors="replace"))
        return Passed(reply, sha256)

    def _started(self) -> socket.socket:
        """The control socket of a keeper that runs."""
        if self._control is None or self.process_id is None:
            self._ended()
            self._control, theirs = socket.socketpair()
            with theirs:
                self._keeper = subprocess.Popen(
                    self._command(theirs.fileno()),
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env=ENVIRONMENT,
                    start_new_session=True,  # Ctrl-C is the site's business
                )
        return self._control

    def _ended(self) -> None:
        """With no keeper; one that runs kills its children first."""
        if self._control is not None:
            self._control.close()
        if self._keeper is not None:
            try:
                self._keeper.wait(timeout=1)
            except subprocess.TimeoutExpired:  # it is still loading, or stuck
                self._keeper.kill()
                self._keeper.wait()
        self._keeper = self._control = None

    def _command(self, control: int) -> list[str]:
        limits = json.dumps(asdict(self._limits))
        return [sys.executable, "-P", "-m", "portraits.airlock_keeper", str(control), self._chamber, limits]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A place in line, then one at work."""
        if not self._line.acquire(blocking=False):
            raise AirlockBusy
        try:
            if not self._places.acquire(timeout=PATIENCE):
                raise AirlockBusy
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._line.release()

    @contextmanager
    def _opened(self) -> Iterator[tuple[socket.socket, socket.socket]]:
        """Our ends of `data` and `watch` to a new child; closing them kills it."""
        data, their_data = socket.socketpair()
        watch, their_watch = socket.socketpair()
        with data, watch:
            for ours in (data, watch):
                ours.settimeout(self._limits.wall_seconds + PATIENCE)
            with their_data, their_watch:
                self._admit(their_data, their_watch)
            yield data, watch

    def _admit(self, data: socket.socket, watch: socket.socket) -> None:
        with self._lock:
            try:
                socket.send_fds(self._started(), [b"!"], [data.fileno(), watch.fileno()])
            except (BrokenPipeError, ConnectionResetError) as error:
                raise ChamberFailed("the keeper ended") from error

    def _send(self, upload: Readable, data: socket.socket, most_bytes: int) -> str:
        """The upload's SHA-256, once it has gone out. Raises TooMuch."""
        digest, sent = hashlib.sha256(), 0
        while chunk := upload.read(CHUNK):
            sent += len(chunk)
            if sent > most_bytes:
                raise TooMuch
            digest.update(chunk)
            try:
                data.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                break  # the child is gone; its status says why
        else:
            data.shutdown(socket.SHUT_WR)
        return digest.hexdigest()

    def _received(self, data: socket.socket) -> bytes:
        """Until the child closes its end. Raises ChamberFailed when it says too much."""
        chunks, length = [], 0
        try:
            while chunk := data.recv(CHUNK):
                chunks.append(chunk)
                length += len(chunk)
                if length > MOST_REPLY:
                    raise ChamberFailed(f"more than {MOST_REPLY} bytes of reply")
        except ConnectionResetError:
            pass  # it died with part of the upload unread
        except TimeoutError as error:
            raise ChamberKilled("no answer from the keeper") from error
        return b"".join(chunks)

    def _status(self, watch: socket.socket) -> int:
        """The child's exit code, or minus its signal, once it is gone."""
        try:
            report = watch.recv(STATUS.size)
        except TimeoutError as error:
            raise ChamberKilled("no answer from the keeper") from error
        if len(report) != STATUS.size:
            raise ChamberFailed("the keeper ended")
        return int(STATUS.unpack(report)[0])


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
