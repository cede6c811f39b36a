"""One job process: takes renders from the queue, one at a time, until it is told to end.

What it has under way then gets some seconds to finish; the rest is handed back, and another process
goes on with it at once. Killed, it hands nothing back, and its leases run out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import dramatiq
from django.conf import settings

from portraits.live import publisher
from portraits.queue import broker
from portraits.rendering import demo, gpu_reconciler, lease, sweeper, workers

log = logging.getLogger(__name__)

HAND_BACK_SECONDS = 8.0
"""From the word to stop until the last one has let go of its work."""


class JobProcess:
    """Everything that one process does, started and stopped together."""

    def __init__(self, demo_photo: Path | None = None) -> None:
        self._demo_photo = demo_photo
        self._stopped = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._messages = threading.Thread(target=self._loop.run_forever, name="messages", daemon=True)
        self._queues: list[dramatiq.Worker] = []
        self._sweeper = threading.Thread(target=sweeper.run_until, args=(self._stopped,), name="sweeper", daemon=True)

    def start(self) -> None:
        self._messages.start()
        publisher.use_loop(self._loop)  # over one connection; each thread would open one a message
        queue = dramatiq.get_broker()
        queue.emit_after("process_boot")  # without it, time limits do nothing
        workers.warm()
        self._queues = broker.start_worker(queue)
        self._sweeper.start()
        gpu_reconciler.start(self._stopped)
        if self._demo_photo is not None:
            threading.Thread(target=demo.make_first, args=(self._demo_photo,), name="demo", daemon=True).start()

    def stop(self, grace: float) -> None:
        """Nothing new is begun. Renders get `grace` seconds to end, then they are handed back."""
        workers.begin_closing()
        self._stopped.set()
        if not _empty_within(grace):
            lease.hand_back_all()
            _empty_within(HAND_BACK_SECONDS)
        for queue in self._queues:
            queue.stop(timeout=2000)
        workers.close()
        self._sweeper.join(timeout=3)
        publisher.use_loop(None)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._messages.join(timeout=3)
        if not self._messages.is_alive():
            self._loop.close()


def run(demo_photo: Path | None = None) -> None:
    """Until SIGTERM, Ctrl-C, or until whoever started this process has gone."""
    asked = threading.Event()

    def ask(number: int, frame: Any) -> None:
        asked.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, ask)
    threading.Thread(target=_end_with_parent, args=(asked,), daemon=True).start()
    process = JobProcess(demo_photo)
    process.start()
    log.info("job process %d takes renders", os.getpid())
    asked.wait()
    log.info("job process %d ends; %d renders are under way", os.getpid(), lease.count())
    process.stop(settings.WORK_GRACE)


def own_scratch(name: str) -> None:
    """A folder of this process's own below the scratch folder, empty: its older self's rubbish goes."""
    folder = Path(settings.SCRATCH_DIR) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings.SCRATCH_DIR = folder


def _empty_within(seconds: float) -> bool:
    end = time.monotonic() + seconds
    while lease.count():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _end_with_parent(asked: threading.Event) -> None:
    """The supervisor holds the other end of our standard input."""
    while os.read(sys.stdin.fileno(), 4096):  # sys.stdin itself would be locked when Python ends
        pass
    asked.set()
