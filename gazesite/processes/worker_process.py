"""Worker process: takes renders from the queue, one at a time, until it is told to end.

Renders under way then get some seconds to finish; the rest is handed back, and another process goes on with it at
once. Killed, it hands nothing back, and its leases run out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import dramatiq
from django.conf import settings

from gazesite.processes.rendering_services import RenderingServices
from gazesite.processes.scratch import empty_scratch
from portraits.live import publisher
from portraits.rendering import lease

log = logging.getLogger(__name__)

HAND_BACK_SECONDS = 8.0
"""Longest time for renders to be handed back."""


class WorkerProcess:
    """Services of one worker process, with the event loop over which it publishes to pages."""

    def __init__(self, demo_photo: Path | None = None) -> None:
        self._rendering = RenderingServices(demo_photo)
        self._loop = asyncio.new_event_loop()
        self._publishing = threading.Thread(target=self._loop.run_forever, name="messages", daemon=True)

    def start(self) -> None:
        empty_scratch()
        self._publishing.start()
        publisher.use_loop(self._loop)  # over one connection; each thread would open one a message
        dramatiq.get_broker().emit_after("process_boot")  # without it, time limits do nothing
        self._rendering.start()

    def stop(self, grace: float) -> None:
        """Start nothing new. Renders get `grace` seconds to end, then they are handed back."""
        self._rendering.begin_stop()
        if not _all_end_within(grace):
            lease.hand_back_all()
            _all_end_within(HAND_BACK_SECONDS)
        self._rendering.stop()
        publisher.use_loop(None)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._publishing.join(timeout=3)
        if not self._publishing.is_alive():
            self._loop.close()


def run(demo_photo: Path | None = None) -> None:
    """Run until SIGTERM, Ctrl-C, or until the process that started this one has gone."""
    stop_requested = threading.Event()

    def request_stop(number: int, frame: Any) -> None:
        stop_requested.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, request_stop)
    threading.Thread(target=_end_with_parent, args=(stop_requested,), daemon=True).start()
    process = WorkerProcess(demo_photo)
    process.start()
    log.info("job process %d takes renders", os.getpid())
    stop_requested.wait()
    log.info("job process %d ends; %d renders are under way", os.getpid(), lease.count())
    process.stop(settings.WORK_GRACE)


def _all_end_within(seconds: float) -> bool:
    """Whether no render is under way any more before `seconds` are over."""
    end = time.monotonic() + seconds
    while lease.count():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _end_with_parent(stop_requested: threading.Event) -> None:
    """Wait for the end of standard input, whose other end the supervisor holds."""
    while os.read(sys.stdin.fileno(), 4096):  # sys.stdin itself would be locked when Python ends
        pass
    stop_requested.set()
