"""The whole site in one process tree: server, queue, sweeper and the rendering processes.

The first Ctrl-C or SIGTERM stops all of it in order; killed, nothing is lost: rows are the truth,
and the next start takes up what was under way.
"""

from __future__ import annotations

import errno
import logging
import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dramatiq
from django.conf import settings

from portraits import broker, demo, progress, sweeper, uploads, workers
from portraits.models import Render, Upload

log = logging.getLogger(__name__)


class PortTakenError(Exception):
    """Somebody else listens where we should."""


def check_port(host: str, port: int) -> None:
    """Before anything is started. Raises PortTakenError."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortTakenError(f"{host}:{port} cannot be used: {error.strerror}.") from error
            raise PortTakenError(
                f"Port {port} is in use, perhaps by another gazesite. Stop that one, or choose another port: "
                f"PORT={port + 1} make run"
            ) from error


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
        self._sweeper = threading.Thread(
            target=sweeper.run_until, args=(self._stopped, workers.tend), name="sweeper", daemon=True
        )
        self._queues: list[dramatiq.Worker] = []

    def start(self) -> None:
        take_up()
        uploads.start()
        workers.warm()
        self._queues = broker.start_worker(dramatiq.get_broker())
        self._sweeper.start()
        if self._demo_photo is not None:
            threading.Thread(target=demo.make_first, args=(self._demo_photo,), name="demo", daemon=True).start()

    def stop(self) -> None:
        """Renders that go on are left where they are; the next start takes them up."""
        self._stopped.set()
        workers.begin_closing()
        workers.close()
        uploads.stop()
        for queue in self._queues:
            queue.stop(timeout=3000)
        self._sweeper.join(timeout=3)


def serve(host: str, port: int, demo_photo: Path | None, ready: Callable[[], None]) -> None:
    """Answer until Ctrl-C or SIGTERM. demo_photo: for the home page, where it has no portrait yet."""
    from daphne.endpoints import build_endpoint_description_strings
    from twisted.internet import reactor

    from gazesite.asgi import LIMITS, application
    from gazesite.early_cap import CappedServer

    loop: Any = reactor._asyncioEventloop
    progress.use_loop(loop)
    site = Site(demo_photo)
    site.start()
    try:
        CappedServer(
            application=application,
            limits=LIMITS,
            session_cookie=settings.SESSION_COOKIE_NAME,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            ready_callable=ready,
            server_name="gazesite",
            http_timeout=300,
            websocket_handshake_timeout=20,
            application_close_timeout=2,
        ).run()
    finally:
        progress.use_loop(None)
        site.stop()
