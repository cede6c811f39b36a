"""Web process: Daphne, with the services that start before it and stop after it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings

from gazesite.processes.scratch import empty_scratch
from portraits.live import publisher
from portraits.sharing import looks
from portraits.uploads import validation


class PortInUseError(Exception):
    """The port cannot be listened on. str: the reason and what helps, for a person."""


class Lifecycle(Protocol):
    """Services that start before the first page is served and stop after the last."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class WebServices:
    """Services of a web process without rendering, which other processes do."""

    def __init__(self) -> None:
        self._looks = looks.Writer()

    def start(self) -> None:
        empty_scratch()
        validation.start()
        self._looks.start()

    def stop(self) -> None:
        self._looks.stop()
        validation.stop()


def check_port(host: str, port: int) -> None:
    """Check that the port is free, before anything is started. Raises PortInUseError."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortInUseError(f"{host}:{port} cannot be used: {error.strerror}.") from error
            raise PortInUseError(
                f"Port {port} is in use, perhaps by another gazesite. Stop that one, or choose another port: "
                f"PORT={port + 1} make run"
            ) from error


def event_loop() -> Any:
    """The asyncio loop below Twisted's reactor, which has no public name for it."""
    from twisted.internet import reactor

    return reactor._asyncioEventloop


def serve(host: str, port: int, services: Lifecycle, ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. ready: called once connections are accepted."""
    from daphne.endpoints import build_endpoint_description_strings

    from gazesite.asgi import application
    from gazesite.middleware.proxy_headers import TrustedProxies
    from gazesite.server.daphne_server import SiteServer, allowed_connections

    publisher.use_loop(event_loop())
    connections = allowed_connections(settings.CONNECTIONS)
    services.start()
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
        services.stop()
