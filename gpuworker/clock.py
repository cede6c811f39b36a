"""The clock of code that waits: another one lets tests try a deadline of twenty minutes in a millisecond."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from gpuworker.errors import Cancelled


class Clock(Protocol):
    """Seconds since the epoch, and waiting."""

    def now(self) -> float:
        """Seconds since 1970, UTC; never goes back by more than a correction of the system's clock."""

    def wait(self, seconds: float, cancelled: threading.Event | None = None) -> None:
        """Return after `seconds`. Raises Cancelled within a tenth of a second when `cancelled` is set."""


class SystemClock:
    """Real time: the epoch as it was when the process began, counted on by the monotonic clock.

    A machine whose clock is put right in mid-render must not run into a deadline for that.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        return self._offset + time.monotonic()

    def wait(self, seconds: float, cancelled: threading.Event | None = None) -> None:
        if (cancelled or threading.Event()).wait(max(0.0, seconds)):
            raise Cancelled


class ManualClock:
    """The twin for tests: time passes only when a caller waits or moves it."""

    def __init__(self, now: float = 1_780_000_000.0) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._yielded = threading.Event()

    def now(self) -> float:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds

    def wait(self, seconds: float, cancelled: threading.Event | None = None) -> None:
        if cancelled is not None and cancelled.is_set():
            raise Cancelled
        self.advance(max(0.0, seconds))
        self._yielded.wait(0.001)  # real threads whose work is waited for must get their turn


SYSTEM = SystemClock()
