"""Services of a process that renders: worker pool, queue threads, sweeper, GPU reconciler and demo portrait."""

from __future__ import annotations

import threading
from pathlib import Path

import dramatiq

from portraits.queue import broker
from portraits.rendering import demo, gpu_reconciler, sweeper, workers

STOP_SECONDS = 3.0
"""Longest time for each service to stop."""


class RenderingServices:
    """Services started and stopped together. demo_photo: rendered for the home page; None where another process does.

    Each object starts once.
    """

    def __init__(self, demo_photo: Path | None) -> None:
        self._demo_photo = demo_photo
        self._stopping = threading.Event()
        self._queue_workers: list[dramatiq.Worker] = []
        self._sweeper = threading.Thread(target=sweeper.run_until, args=(self._stopping,), name="sweeper", daemon=True)

    def start(self) -> None:
        workers.warm()
        self._queue_workers = broker.start_worker(dramatiq.get_broker())
        self._sweeper.start()
        gpu_reconciler.start(self._stopping)
        if self._demo_photo is not None:
            threading.Thread(target=demo.make_first, args=(self._demo_photo,), name="demo", daemon=True).start()

    def begin_stop(self) -> None:
        """Start nothing new. Renders that are under way go on."""
        workers.begin_closing()
        self._stopping.set()

    def stop(self) -> None:
        """End what is still under way; its rows stay as they are, and another process takes them up."""
        self.begin_stop()
        workers.close()
        for each in self._queue_workers:
            each.stop(timeout=int(STOP_SECONDS * 1000))
        self._sweeper.join(timeout=STOP_SECONDS)
