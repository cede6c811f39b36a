"""Concurrency limit: counts what is open at a time for each key, with a maximum."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

QUIET_SECONDS = 60.0
"""Least time between two log lines about the same limit."""


class ConcurrencyLimit:
    """Limit of `most` things at a time for each key; no limit for the empty key.

    name: what is counted, for the log. Not thread-safe.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._open: Counter[str] = Counter()
        self._refused = 0
        self._last_line = -QUIET_SECONDS

    def acquire(self, key: str) -> bool:
        """Take a slot. False when there is none; else release() must follow."""
        if key and self._open[key] >= self._most:
            self._note_refusal(key)
            return False
        self._open[key] += 1
        return True

    def release(self, key: str) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    @contextmanager
    def slot(self, key: str) -> Iterator[bool]:
        """Slot until the end of the block; False when there is none."""
        acquired = self.acquire(key)
        try:
            yield acquired
        finally:
            if acquired:
                self.release(key)

    def open(self, key: str) -> int:
        return self._open.get(key, 0)

    def _note_refusal(self, key: str) -> None:
        """Log a refusal, at most once in QUIET_SECONDS, so that the log does not fill the disk."""
        self._refused += 1
        if time.monotonic() - self._last_line >= QUIET_SECONDS:
            line = "too many %s: %s has %d; refused since the last such line: %d"
            log.warning(line, self._name, key, self._most, self._refused)
            self._last_line, self._refused = time.monotonic(), 0
