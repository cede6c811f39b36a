"""Fork server that decodes uploads under resource limits: one thread, everything loaded, one child for each upload.

Loading the picture libraries and the face models takes a second, forking the loaded process milliseconds. The site
sends requests over one control socket, each with two more sockets: on `data` the child receives the upload and sends
its reply, on `monitor` the server sends signs of life and reports the child's end. The site closes `monitor` to cancel
the request. When the site itself ends, the server and all children end.
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
"""Sent to the site when everything is loaded, and on each `monitor` when its child is forked and every second."""

REPORT = struct.Struct("!ci")
"""Last message on `monitor`: an End, and the child's exit code or minus the signal that killed it."""


class End:
    """Kinds of a child's end."""

    EXITED = b"e"
    STUCK = b"s"
    FORK_FAILED = b"f"


TICK_SECONDS = 1.0
"""Interval between signs of life, and between looks at the children's progress."""

FAILED_REPLY = b"failed\n"
"""First bytes of a reply that is a traceback instead of the handler's own."""


class Handler(Protocol):
    """Module that handles uploads: `warm` runs once in the server, `handle` in each child."""

    def warm(self) -> None: ...

    def handle(self, upload: bytes) -> bytes: ...


@dataclass
class _Child:
    """Child process that handles one upload."""

    monitor: socket.socket
    """Socket for signs of life and the report of its end."""
    deadline: float
    """Monotonic time at which it is killed."""
    progress: tuple[str, float] = ("", 0.0)
    """Processor time when it last changed, and the monotonic time when that was seen."""
    stuck: bool = False
    """Whether it was killed because it made no progress."""


class SandboxServer:
    """Server loop: forks a child for each request, supervises it and reports its end."""

    def __init__(self, control: socket.socket, handler: Handler, limits: Limits) -> None:
        self._control = control
        self._handler = handler
        self._limits = limits
        self._children: dict[int, _Child] = {}
        self._next_tick = 0.0
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._child_exits = _child_exit_socket()
        self._selector.register(self._child_exits, selectors.EVENT_READ)

    def serve(self) -> None:
        """Serve until the site closes its end; then kill every child."""
        open_to_site = self._report_loaded()
        while open_to_site:
            for key, _ in self._selector.select(self._select_timeout()):
                if key.fileobj is self._control:
                    open_to_site = self._fork_child()
                elif key.fileobj is self._child_exits:
                    self._child_exits.recv(4096)
                else:
                    _kill(key.data)
            self._tick()
            self._report_exited_children()
        for pid in self._children:
            _kill(pid)

    def _report_loaded(self) -> bool:
        """Report that everything is loaded. False when the site has closed its end meanwhile."""
        try:
            self._control.send(ALIVE)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def _select_timeout(self) -> float | None:
        return TICK_SECONDS if self._children else None

    def _fork_child(self) -> bool:
        """Fork a child for one request. False when the site has closed its end."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        except ConnectionResetError:  # closed before it had read that everything is loaded
            return False
        if not message:
            return False
        data, monitor = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        monitor.setblocking(False)
        _send(monitor, ALIVE)
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # too many processes, or no memory for one
            _send(monitor, REPORT.pack(End.FORK_FAILED, error.errno or 1))
            data.close()
            monitor.close()
            return True
        if pid == 0:
            self._run_child(data, server)
        data.close()
        now = time.monotonic()
        self._children[pid] = _Child(monitor, now + self._limits.wall_seconds, ("", now))
        # Nothing is ever sent on it: readable means closed.
        self._selector.register(monitor, selectors.EVENT_READ, pid)
        return True

    def _tick(self) -> None:
        """Send signs of life and kill stuck children, if half a tick has passed since the last time."""
        now = time.monotonic()
        if now < self._next_tick:
            return
        self._next_tick = now + TICK_SECONDS / 2
        for pid, child in self._children.items():
            _send(child.monitor, ALIVE)
            used = _processor_time(pid)
            if used != child.progress[0]:
                child.progress = (used, now)
            if child.deadline <= now or (used and child.progress[1] + self._limits.stuck_seconds <= now):
                child.stuck = True
                _kill(pid)

    def _report_exited_children(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._children.pop(pid)
            self._selector.unregister(child.monitor)
            end = End.STUCK if child.stuck else End.EXITED
            _send(child.monitor, REPORT.pack(end, os.waitstatus_to_exitcode(status)))
            child.monitor.close()

    def _run_child(self, data: socket.socket, server: int) -> None:
        """Handle one upload in the child; never returns."""
        status = 1
        try:
            _close_other_descriptors(data.fileno())
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._limits.impose()
            if os.getppid() == server:  # else it ended before the child was bound to it
                data.sendall(self._reply(_receive_all(data)))
                status = 0
        finally:
            os._exit(status)

    def _reply(self, upload: bytes) -> bytes:
        try:
            return self._handler.handle(upload)
        except Exception:  # noqa: BLE001  the boundary of the process: the site must learn of every error
            return FAILED_REPLY + traceback.format_exc().encode()


def _child_exit_socket() -> socket.socket:
    """Socket that becomes readable when a child ends."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.detach())
    signal.signal(signal.SIGCHLD, _do_nothing)  # SIGCHLD wakes nothing unless it has a handler
    return reader


def _send(monitor: socket.socket, message: bytes) -> None:
    """Send, unless the site has closed its end or has not read for minutes."""
    with contextlib.suppress(OSError):
        monitor.send(message)


def _processor_time(pid: int) -> str:
    """Processor time used by a child, as the kernel writes it; empty where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return " ".join(fields[11:13])


def _do_nothing(_signal: int, _frame: FrameType | None) -> None: ...


def _kill(pid: int) -> None:
    """Kill a child that has not been waited for, so that its id belongs to no other process."""
    os.kill(pid, signal.SIGKILL)


def _close_other_descriptors(descriptor: int) -> None:
    """Close all open files but the standard streams and this one; above all other people's uploads."""
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))


def _receive_all(data: socket.socket) -> bytes:
    chunks = []
    while chunk := data.recv(1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def main() -> None:
    """Entry point. Arguments: the control socket's number, the handler's module, the limits as JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    handler: Handler = importlib.import_module(sys.argv[2])
    if sys.platform == "linux":  # elsewhere, system libraries that have run do not survive a fork
        handler.warm()
        gc.freeze()  # what is loaded stays shared with the children
    SandboxServer(control, handler, Limits(**json.loads(sys.argv[3]))).serve()


if __name__ == "__main__":
    main()
