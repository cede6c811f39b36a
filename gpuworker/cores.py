"""The processor as this process may use it."""

from __future__ import annotations

import os


def usable() -> int:
    """Cores that this process may run on, at least one. A container's share of their time is not known here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
