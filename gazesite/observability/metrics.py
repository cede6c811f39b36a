"""Prometheus metrics: what the site counts, and the two places where they can be read.

`/metrics` of the site itself, for whoever bears METRICS_TOKEN, or without one for this machine alone; and with
METRICS_PORT a port of their own, without a guard, which must not be reachable from outside.
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
"""Headers of proxies: a request with one comes from somebody else than the machine that sends it."""

REQUESTS = Counter("gaze_requests", "Requests that were answered.", ["view", "method", "status"])
REQUEST_SECONDS = Histogram(
    "gaze_request_seconds",
    "From a request's headers to the end of its answer.",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
SOCKETS = Gauge("gaze_sockets", "Sockets that are open.")


def count_request(view: str, method: str, status: int, seconds: float) -> None:
    """view: an address's name, never the address: there are as many of those as anybody likes."""
    REQUESTS.labels(view, method, status).inc()
    REQUEST_SECONDS.labels(view).observe(seconds)


def exposition() -> bytes:
    """Everything that is counted, in Prometheus' text format. Looks into the database."""
    return generate_latest(REGISTRY) + generate_latest(ROWS)


class PortTakenError(Exception):
    """Somebody else listens where we should."""


class Metrics:
    """ASGI application around another that answers PATH. Whoever may not read it gets a 404 and learns nothing."""

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
    """token: what must be borne; an empty one lets this machine's own processes in, but no proxy's clients."""
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


class Listener:
    """The port of their own, answering at once. 0 takes a free one, which `port` names. Raises PortTakenError."""

    def __init__(self, host: str, port: int) -> None:
        family = _SixServer if ":" in host else WSGIServer
        try:
            self._server = make_server(host, port, _answer, server_class=family, handler_class=_Quiet)
        except OSError as error:
            raise PortTakenError(f"METRICS_PORT {port} of {host} cannot be used: {error.strerror}.") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()
        self.port = self._server.server_port

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def listening(host: str, port: int) -> Iterator[None]:
    """The port of their own until the end of the block; none when it is 0. Raises PortTakenError."""
    listener = Listener(host, port) if port else None
    try:
        yield
    finally:
        if listener is not None:
            listener.stop()


def _answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI application."""
    if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
        start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"not found\n"]
    try:
        body = exposition()
    finally:
        connection.close()  # this thread belongs to no request whose end would do so
    start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST), ("Content-Length", str(len(body)))])
    return [body]


class _SixServer(WSGIServer):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    timeout = 10
    """Seconds that a silent client may hold the port's one thread."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody wants a line for each look."""
