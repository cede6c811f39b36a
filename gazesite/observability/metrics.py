"""Prometheus metrics of the site, and the two endpoints that serve them.

`/metrics` of the site itself wants METRICS_TOKEN, or without one a client on this machine. METRICS_PORT is a port of
their own without authentication, which must not be reachable from outside.
"""

from __future__ import annotations

import hmac
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from asgiref.sync import sync_to_async
from django.db import connection
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

from gazesite.asgi_types import App, Receive, Scope, Send
from portraits.metrics import ROWS  # before the first metric is made here: it says how they are made

PATH = "/metrics"
LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via", b"fly-client-ip", b"cf-connecting-ip")
"""Headers of proxies: a request with one comes from another machine than its peer."""

REQUESTS = Counter("gaze_requests", "Requests that were answered.", ["view", "method", "status"])
REQUEST_SECONDS = Histogram(
    "gaze_request_seconds",
    "From a request's headers to the end of its answer.",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
SOCKETS = Gauge("gaze_sockets", "Sockets that are open.")


def count_request(view: str, method: str, status: int, seconds: float) -> None:
    """Count a request. view: name of the URL pattern, never the path, of which clients can make any number."""
    REQUESTS.labels(view, method, status).inc()
    REQUEST_SECONDS.labels(view).observe(seconds)


def exposition() -> bytes:
    """All metrics in Prometheus' text format. Queries the database."""
    return generate_latest(REGISTRY) + generate_latest(ROWS)


class MetricsPortError(Exception):
    """The metrics port cannot be listened on. str: the reason, for a person."""


class MetricsEndpoint:
    """ASGI middleware that answers PATH; 404 for a client that may not read it."""

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD") and may_read(scope, self._token):
            body = await sync_to_async(exposition)()
            await _respond(send, 200, CONTENT_TYPE_LATEST, body if scope["method"] == "GET" else b"")
        else:
            await _respond(send, 404, "text/plain; charset=utf-8", b"not found\n")


def may_read(scope: Scope, token: str) -> bool:
    """Whether the request has the bearer token; with an empty one, whether it comes from this machine and no proxy."""
    headers = scope["headers"]
    if token:
        borne = [value for name, value in headers if name == b"authorization"]
        return len(borne) == 1 and hmac.compare_digest(borne[0], b"Bearer " + token.encode())
    client, *_ = scope.get("client") or ("",)
    return client in LOOPBACK and not any(name in FORWARDED for name, _ in headers)


async def _respond(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class MetricsServer:
    """HTTP server of the metrics port, which starts at once. Port 0 takes a free one. Raises MetricsPortError."""

    def __init__(self, host: str, port: int) -> None:
        family = _IPv6Server if ":" in host else WSGIServer
        try:
            self._server = make_server(host, port, _answer, server_class=family, handler_class=_SilentHandler)
        except OSError as error:
            raise MetricsPortError(f"METRICS_PORT {port} of {host} cannot be used: {error.strerror}.") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()
        self.port = self._server.server_port

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def listening(host: str, port: int) -> Iterator[None]:
    """Metrics server until the end of the block; none when the port is 0. Raises MetricsPortError."""
    server = MetricsServer(host, port) if port else None
    try:
        yield
    finally:
        if server is not None:
            server.stop()


def _answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI application of the metrics port."""
    if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
        start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"not found\n"]
    try:
        body = exposition()
    finally:
        connection.close()  # this thread belongs to no request whose end would do so
    start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST), ("Content-Length", str(len(body)))])
    return [body]


class _IPv6Server(WSGIServer):
    address_family = socket.AF_INET6


class _SilentHandler(WSGIRequestHandler):
    timeout = 10
    """Seconds for which a silent client may hold the server's one thread."""

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: each scrape would be a line."""
