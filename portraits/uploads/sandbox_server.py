"""The airlock's own process: one thread, everything loaded, one limited child for each upload.

Loading the picture libraries and the face models takes a second, a fork of them milliseconds. The
site asks over one socket, with two more in each request: through `data` the child gets the upload
and gives its reply, on `watch` the keeper says that it lives and reports the child's end. A `watch` that
the site closes means that no request waits any more. When the site itself ends, everything here does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

from portraits.uploads.sandbox_limits import Limits

ALIVE = b"."
"""Sent to the site when everything is loaded, and on every `watch` when its child is made and then every second."""

REPORT = struct.Struct("!ci")
"""Last on `watch`: an End, and the child's exit code or minus the signal that killed it."""


class End:
    """Kinds of a child's end."""

    ITSELF = b"e"
    STUCK = b"s"
    FORK_FAILED = b"f"


TICK_SECONDS = 1.0

FAILED_REPLY = b"failed\n"
"""Starts a reply that is a traceback instead of what the chamber makes."""


class Chamber(Protocol):
    """A module that deals with uploads: `warm` once in the keeper, `develop` in each child."""

    def warm(self) -> None: ...

    def develop(self, upload: bytes) -> bytes: ...


@dataclass
class _Child:
    """progress: processor time when it last changed, and when that was seen. stuck: it was killed for that."""

    watch: socket.socket
    deadline: float
    progress: tuple[str, float] = ("", 0.0)
    stuck: bool = False


class Keeper:
    """Forks, watches, kills and reports."""

    def __init__(self, control: socket.socket, chamber: Chamber, limits: Limits) -> None:
        self._control = control
        self._chamber = chamber
        self._limits = limits
        self._children: dict[int, _Child] = {}
        self._next_tick = 0.0
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._bell = _bell_of_the_dead()
        self._selector.register(self._bell, selectors.EVENT_READ)

    def keep(self) -> None:
        """Until the site closes its end; then every child is killed."""
        self._control.send(ALIVE)
        open_to_site = True
        while open_to_site:
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is self._control:
                    open_to_site = self._admit()
                elif key.fileobj is self._bell:
                    self._bell.recv(4096)
                else:
                    _kill(key.data)
            self._tick()
            self._report_the_dead()
        for pid in self._children:
            _kill(pid)

    def _patience(self) -> float | None:
        return TICK_SECONDS if self._children else None

    def _admit(self) -> bool:
        """Fork for one request. False when the site has closed its end."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not message:
            return False
        data, watch = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        watch.setblocking(False)
        _tell(watch, ALIVE)
        keeper = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # too many processes, or no memory for one
            _tell(watch, REPORT.pack(End.FORK_FAILED, error.errno or 1))
            data.close()
            watch.close()
            return True
        if pid == 0:
            self._work(data, keeper)
        data.close()
        now = time.monotonic()
        self._children[pid] = _Child(watch, now + self._limits.wall_seconds, ("", now))
        # Nothing is ever sent on it: readable means closed.
        self._selector.register(watch, selectors.EVENT_READ, pid)
        return True

    def _tick(self) -> None:
        """Once a second, or more often: say that this process lives, and kill children that do not get on."""
        now = time.monotonic()
        if now < self._next_tick:
            return
        self._next_tick = now + TICK_SECONDS / 2
        for pid, child in self._children.items():
            _tell(child.watch, ALIVE)
            used = _processor_time(pid)
            if used != child.progress[0]:
                child.progress = (used, now)
            if child.deadline <= now or (used and child.progress[1] + self._limits.stuck_seconds <= now):
                child.stuck = True
                _kill(pid)

    def _report_the_dead(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._children.pop(pid)
            self._selector.unregister(child.watch)
            end = End.STUCK if child.stuck else End.ITSELF
            _tell(child.watch, REPORT.pack(end, os.waitstatus_to_exitcode(status)))
            child.watch.close()

    def _work(self, data: socket.socket, keeper: int) -> None:
        """The child's whole life. It never returns."""
        status = 1
        try:
            _keep_only(data.fileno())
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._limits.impose()
            if os.getppid() == keeper:  # else it ended before the child was bound to it
                data.sendall(self._reply(_everything(data)))
                status = 0
        finally:
            os._exit(status)

    def _reply(self, upload: bytes) -> bytes:
        try:
            return self._chamber.develop(upload)
        except Exception:  # noqa: BLE001  the boundary of the process: the site must hear of whatever it is
            return FAILED_REPLY + traceback.format_exc().encode()


def _bell_of_the_dead() -> socket.socket:
    """A socket that becomes readable when a child ends."""
    bell, clapper = socket.socketpair()
    bell.setblocking(False)
    clapper.setblocking(False)
    signal.set_wakeup_fd(clapper.detach())
    signal.signal(signal.SIGCHLD, _nothing)  # SIGCHLD is ignored, and rings nothing, unless it is handled
    return bell


def _tell(watch: socket.socket, message: bytes) -> None:
    """Unless the site waits no more, or has not read for minutes."""
    with contextlib.suppress(OSError):
        watch.send(message)


def _processor_time(pid: int) -> str:
    """That a child has used, in the kernel's own words; empty where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return " ".join(fields[11:13])


def _nothing(_signal: int, _frame: FrameType | None) -> None: ...


def _kill(pid: int) -> None:
    """A child that has not been waited for: its number belongs to no other process."""
    os.kill(pid, signal.SIGKILL)


def _keep_only(descriptor: int) -> None:
    """Close everything else that is open beyond the standard streams: other people's uploads above all."""
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))


def _everything(data: socket.socket) -> bytes:
    chunks = []
    while chunk := data.recv(1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def main() -> None:
    """Arguments: the control socket's number, the chamber's module, the limits as JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    chamber: Chamber = importlib.import_module(sys.argv[2])
    if sys.platform == "linux":  # elsewhere, system libraries that have run do not survive a fork
        chamber.warm()
        gc.freeze()  # what is loaded stays shared with the children
    Keeper(control, chamber, Limits(**json.loads(sys.argv[3]))).keep()


if __name__ == "__main__":
    main()
