"""Where this process gets its rendering done: one warm worker, made on first use."""

from __future__ import annotations

import threading
from pathlib import Path

from django.conf import settings

from gpuworker.client import ChildWorker, Worker

_lock = threading.Lock()
_worker: ChildWorker | None = None


def current() -> Worker:
    """The process's worker."""
    return _child()


def warm() -> None:
    """Spawn the rendering processes now: the first portrait then need not wait for them."""
    _child().warm()


def close() -> None:
    """Kill the rendering processes at once."""
    global _worker
    with _lock:
        if _worker is not None:
            _worker.close()
            _worker = None


def _child() -> ChildWorker:
    global _worker
    with _lock:
        if _worker is None:
            folder = Path(settings.SCRATCH_DIR)
            folder.mkdir(parents=True, exist_ok=True)
            _worker = ChildWorker(folder)
        return _worker
