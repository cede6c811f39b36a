"""The whole site in one process tree: server, queue, sweeper and the rendering processes.

The first Ctrl-C or SIGTERM stops all of it in order; killed, nothing is lost: rows are the truth,
and the next start takes up what was under way.
"""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

import dramatiq
from django.conf import settings

from portraits.models import Render, Upload
from portraits.queue import broker
from portraits.rendering import demo, gpu_reconciler, sweeper, workers
from portraits.uploads import validation

log = logging.getLogger(__name__)


def take_up() -> None:
    """At boot nobody works in this machine's processes: their leases are void, their scratch is rubbish."""
    folder = Path(settings.SCRATCH_DIR)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    void = Render.objects.void_leases()
    lost = Upload.objects.filter(stored=False).update(created_at=Upload.LONG_AGO)
    if void or lost:
        log.warning("taking up %d renders; %d uploads never arrived", void, lost)


class Site:
    """Everything but the page server, started and stopped together."""

    def __init__(self, demo_photo: Path | None) -> None:
        self._demo_photo = demo_photo
        self._stopped = threading.Event()
        self._sweeper = threading.Thread(target=sweeper.run_until, args=(self._stopped,), name="sweeper", daemon=True)
        self._queues: list[dramatiq.Worker] = []

    def start(self) -> None:
        take_up()
        validation.start()
        workers.warm()
        self._queues = broker.start_worker(dramatiq.get_broker())
        self._sweeper.start()
        gpu_reconciler.start(self._stopped)
        if self._demo_photo is not None:
            threading.Thread(target=demo.make_first, args=(self._demo_photo,), name="demo", daemon=True).start()

    def stop(self) -> None:
        """Renders that go on are left where they are; the next start takes them up."""
        self._stopped.set()
        workers.begin_closing()
        workers.close()
        validation.stop()
        for queue in self._queues:
            queue.stop(timeout=3000)
        self._sweeper.join(timeout=3)
