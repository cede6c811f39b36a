"""The page server, with whatever else lives in its process."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings

from gazesite.processes.worker_process import own_scratch
from portraits.live import publisher
from portraits.uploads import validation


class PortTakenError(Exception):
    """Another process listens where we should."""


class Beside(Protocol):
    """Part that starts before the first page is served and stops after the last."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Pages:
    """Pages alone: renders are made by other processes."""

    def start(self) -> None:
        own_scratch("web")
        settings.FILE_UPLOAD_TEMP_DIR = str(settings.SCRATCH_DIR)
        validation.start()

    def stop(self) -> None:
        validation.stop()


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


def serve(host: str, port: int, beside: Beside, ready: Callable[[], None]) -> None:
    """Answer until Ctrl-C or SIGTERM."""
    from daphne.endpoints import build_endpoint_description_strings
    from twisted.internet import reactor

    from gazesite.asgi import application
    from gazesite.middleware.proxy_headers import TrustedProxies
    from gazesite.server.daphne_server import SiteServer, allowed_connections

    loop: Any = reactor._asyncioEventloop
    publisher.use_loop(loop)
    connections = allowed_connections(settings.CONNECTIONS)
    beside.start()
    try:
        SiteServer(
            application=application,
            connections=connections,
            per_address=min(settings.CONNECTIONS_PER_ADDRESS, connections // 2),
            is_proxy=TrustedProxies(settings.TRUSTED_PROXIES).connect_from,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            ready_callable=ready,
            server_name="gazesite",
            http_timeout=300,
            websocket_handshake_timeout=20,
            application_close_timeout=2,
        ).run()
    finally:
        publisher.use_loop(None)
        beside.stop()
