"""Small questions to the system about processes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether the condition comes true in time."""
    return bool(patiently(condition, seconds, pause=0.01))


def patiently(condition: Callable[[], Any], seconds: float = 30.0, pause: float = 0.05) -> Any:
    """Value of the condition once it is true, or when so many seconds are over.

    Between two looks the processors belong to what is waited for. The seconds are for a machine that is
    very busy: how fast things are is for the benchmarks to say.
    """
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            return found
        threading.Event().wait(pause)
    return found
