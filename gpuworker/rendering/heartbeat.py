"""Signs of life that a rendering process sends to its parent, and how the parent judges them. Light to import."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from gpuworker.rendering.messages import Alive, Ready, Reply

BEAT_SECONDS = 1.0
"""Time between two signs of life of a process that has something to do."""
BOOT_SECONDS = 30.0
"""Longest time until the first one: Python itself starts."""
SILENT_SECONDS = 5.0
"""Longest time without any: after it the process was stopped, or cannot run."""
STALLED_SECONDS = 8.0
"""Longest time without a frame, an answer or CPU time, although it beats: then its threads wait for each other."""
ENDLESS_SECONDS = 120.0
"""Longest time without a frame or an answer, at any CPU time. The longest task, one sheet's encoding, takes seconds."""
MOVING_CPU_SECONDS = 0.1
"""CPU time that cannot be the heartbeat's own."""


class Heartbeat:
    """Sender of replies, and of Alive as long as something is to be done, in a rendering process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()  # the main thread, encoders and the heartbeat share the pipe
        self._tasks = 0
        self._frames = 0
        self._at_work = threading.Event()

    @classmethod
    def started(cls, pipe: Connection) -> Heartbeat:
        """Heartbeat of a process whose first task is to load, already sending."""
        heart = cls(pipe)
        heart.begin()
        threading.Thread(target=heart._beat, name="heartbeat", daemon=True).start()
        return heart

    def send(self, reply: Reply) -> None:
        with self._lock:
            self._pipe.send(reply)

    def begin(self) -> None:
        """A task was received."""
        with self._lock:
            self._tasks += 1
            self._at_work.set()

    def end(self) -> None:
        """A task was answered; a process with nothing to do is silent."""
        with self._lock:
            self._tasks -= 1
            if not self._tasks:
                self._at_work.clear()

    def advance(self) -> None:
        """A frame or another part of a task is done."""
        self._frames += 1

    def _beat(self) -> None:
        with suppress(OSError):  # the parent has gone
            while self._at_work.wait():
                self.send(Alive(self._frames, time.process_time()))
                time.sleep(BEAT_SECONDS)


@dataclass(slots=True)
class HangDetector:
    """Detector of a hung process: the parent's record of what it has heard from it.

    The parent counts the time while it waits, so that after it was itself stopped for a while it does not take a
    process for hung.

    waits_for_device: for engines whose frames wait for another device, which takes no CPU time.
    """

    waits_for_device: bool = False
    heard: bool = False
    ready: bool = False
    silent: float = 0.0
    stalled: float = 0.0
    endless: float = 0.0
    last: Alive = field(default_factory=lambda: Alive(0, 0.0))

    def hear(self, reply: Reply) -> None:
        """Something came through the pipe."""
        self.heard, self.silent = True, 0.0
        self.ready = self.ready or isinstance(reply, Ready)
        if not isinstance(reply, Alive):
            self.stalled = self.endless = 0.0
            return
        if reply.frames != self.last.frames:
            self.stalled = self.endless = 0.0
        if reply.cpu_seconds - self.last.cpu_seconds >= MOVING_CPU_SECONDS:
            self.stalled = 0.0
            self.last = reply
        self.last = Alive(reply.frames, self.last.cpu_seconds)

    def begin(self) -> None:
        """It had nothing to do, and gets a task."""
        self.silent = self.stalled = self.endless = 0.0

    def wait(self, seconds: float) -> str | None:
        """Nothing came for so long, although it has something to do. Why it must be replaced, if it must."""
        self.silent += seconds
        self.stalled += seconds
        self.endless += seconds
        if self.silent > (SILENT_SECONDS if self.heard else BOOT_SECONDS):
            return "gives no sign of life"
        if not self.ready:
            return None  # how long loading takes, disks and compilers decide
        if self.stalled > STALLED_SECONDS and not self.waits_for_device:
            return "does nothing"
        return "does not come to an end" if self.endless > ENDLESS_SECONDS else None
