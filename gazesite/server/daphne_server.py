"""Daphne with bounded connections, deadlines, and bodies that stream to the application."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from daphne.http_protocol import HTTPFactory
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.http import Request

from gazesite.asgi_types import Message
from gazesite.limits.concurrency_limit import ConcurrencyLimit
from gazesite.middleware.error_response import BUSY, as_page, headers
from gazesite.server.http_channel import Channel
from gazesite.server.http_request import StreamedRequest
from gazesite.server.websocket_protocol import MAX_MESSAGE_BYTES, ListeningSocket
from portraits.http.client_address import network_of

WRITE_BYTES = 64 << 10
"""Bytes of a response that are written before the client must have taken them."""
OPEN_FILES = (65_536, 32_768, 16_384, 10_240, 4_096)
"""Limits of open files that the process tries to set, the highest first, where it has a lower one."""
FILES_PER_CONNECTION = 5
"""Open files of a connection: its socket, SQLite's three, and a spooled body."""
ALL_KEY = "all"


class SiteServer(Server):  # type: ignore[misc]
    """Server like daphne.server.Server, with limits on its connections.

    connections: most at a time; per_address: most of one peer's address at a time, which does not hold for a peer
    that `is_proxy` accepts, because a proxy carries requests of many people.
    """

    def __init__(
        self,
        *arguments: Any,
        connections: int,
        per_address: int,
        is_proxy: Callable[[str], bool] = lambda _peer: False,
        **options: Any,
    ) -> None:
        super().__init__(
            *arguments,
            websocket_max_message_size=MAX_MESSAGE_BYTES,
            websocket_max_frame_size=MAX_MESSAGE_BYTES,
            **options,
        )
        self._all = ConcurrencyLimit("connections", connections)
        self._by_address = ConcurrencyLimit("connections from one address", per_address)
        self._is_proxy = is_proxy
        self.connections: dict[Any, dict[str, Any]] = {}

    # Server.run makes both factories; there is no other place to hand in one's own.

    @property
    def http_factory(self) -> LimitedConnections:
        return self._http_factory

    @http_factory.setter
    def http_factory(self, _plain: HTTPFactory) -> None:
        self._http_factory = LimitedConnections(_Factory(self), self._all, self._by_address, self._is_proxy)

    @property
    def ws_factory(self) -> WebSocketFactory:
        return self._ws_factory

    @ws_factory.setter
    def ws_factory(self, plain: WebSocketFactory) -> None:
        plain.protocol = ListeningSocket
        self._ws_factory = plain

    def create_application(self, protocol: Any, scope: Any) -> Any:
        """Start the application as Daphne's server does; a request brings a queue of its own."""
        if scope["type"] == "websocket":
            return super().create_application(protocol, {**scope, "extensions": {"websocket.http.response": {}}})
        application = self.application(
            scope={**scope, "asgi": {"version": "3.0"}},
            receive=protocol.receive.get,
            send=partial(self.handle_reply, protocol),
        )
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(application)
        return protocol.receive

    async def handle_reply(self, protocol: Any, message: Message) -> None:
        """Send a response no faster than its client takes it, so that it does not fill the memory."""
        if not isinstance(protocol, StreamedRequest):
            await super().handle_reply(protocol, message)
            return
        for part in _parts(message):
            await super().handle_reply(protocol, part)
            await protocol.drain()

    def kill_all_applications(self) -> Any:
        """Stop all applications. Daphne's own fails on connections whose application has not begun or is done."""
        self.connections = {key: each for key, each in self.connections.items() if "application_instance" in each}
        return super().kill_all_applications()


class _Factory(HTTPFactory):  # type: ignore[misc]
    protocol = Channel

    def buildProtocol(self, addr: IAddress) -> Any:  # noqa: N802  Twisted's name
        channel = super().buildProtocol(addr)
        channel.requestFactory = StreamedRequest
        channel.timeOut = Channel.timeOut
        return channel

    def log(self, request: Request) -> None:
        """Log nothing: the site has an access log of its own."""


class LimitedConnections(WrappingFactory):  # type: ignore[misc]
    """Factory around another one that counts open connections, WebSockets included."""

    noisy = False

    def __init__(
        self,
        wrapped: _Factory,
        overall: ConcurrencyLimit,
        by_address: ConcurrencyLimit,
        is_proxy: Callable[[str], bool],
    ) -> None:
        super().__init__(wrapped)
        self._all, self._by_address = overall, by_address
        self._is_proxy = is_proxy

    def buildProtocol(self, addr: IAddress) -> Any:  # noqa: N802  Twisted's name
        key = self._key(addr)
        if not self._all.acquire(ALL_KEY):
            return None  # Twisted then closes it
        if not self._by_address.acquire(key):
            self._all.release(ALL_KEY)
            return _RefusedConnection()
        return super().buildProtocol(addr)

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:  # noqa: N802  Twisted's name
        super().unregisterProtocol(p)
        self._by_address.release(self._key(p.getPeer()))
        self._all.release(ALL_KEY)

    def _key(self, address: IAddress) -> str:
        """Key of the limit by address; empty where only the overall limit holds."""
        host = str(getattr(address, "host", ""))
        return "" if self._is_proxy(host) else network_of(host)


class _RefusedConnection(Protocol):  # type: ignore[misc]
    """Connection that is answered with BUSY, whatever it requests, and closed."""

    def connectionMade(self) -> None:  # noqa: N802  Twisted's name
        body = as_page(BUSY)
        lines = [f"HTTP/1.1 {BUSY.status} {BUSY.title}".encode()]
        lines += [b": ".join(each) for each in headers(BUSY, b"text/html; charset=utf-8", len(body))]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.loseConnection()


def allowed_connections(wanted: int) -> int:
    """Most connections, up to `wanted`, whose files may all be open. It raises the soft limit where it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for files in OPEN_FILES if soft != resource.RLIM_INFINITY else ():
        if files > soft and (hard == resource.RLIM_INFINITY or files <= hard):
            with suppress(ValueError, OSError):  # as on macOS, which allows less than it says
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
                break
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft // FILES_PER_CONNECTION)


def _parts(message: Message) -> Iterator[Message]:
    """Split the message into messages with at most WRITE_BYTES of body each."""
    body = message.get("body", b"")
    last = max(0, len(body) - 1) // WRITE_BYTES * WRITE_BYTES
    for start in range(0, last, WRITE_BYTES):
        yield {"type": message["type"], "body": body[start : start + WRITE_BYTES], "more_body": True}
    yield {**message, "body": body[last:]} if last else message
