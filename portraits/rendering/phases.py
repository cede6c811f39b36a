"""Durations of a rented machine's phases until its first frame, in words for a render's log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from gpuworker.fleet.source import SENTENCES
from gpuworker.workers.worker import Phase


@dataclass
class PhaseLog:
    """Log of phases. `note` is called with the phase of every step, None once the machine works."""

    phase: Phase | None = None
    since: float = 0.0

    def note(self, phase: Phase | None) -> Iterator[str]:
        """Yield a line for a phase that has ended."""
        if phase == self.phase:
            return
        now = time.monotonic()
        if self.phase not in (None, "ready"):
            yield f"{SENTENCES[self.phase]}: {now - self.since:.1f} s"
        self.phase, self.since = phase, now
