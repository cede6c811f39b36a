"""Requests and WebSockets of one client at a time: also where all clients come through one proxy's connections."""

from __future__ import annotations

from gazesite.middleware.body_limits import BUSY, App, Receive, Scope, Send, answer, client_of
from gazesite.middleware.concurrency_limit import ConcurrencyLimit
from portraits.live.handshake import deny


class ClientLimit:
    """ASGI middleware, inside of the one that finds out the client's address. most: for one address or IPv6 network."""

    def __init__(self, app: App, most: int) -> None:
        self._app = app
        self._open = ConcurrencyLimit("requests of one client", most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with self._open.slot(client_of(scope)) as has_room:
            if has_room:
                await self._app(scope, receive, send)
            elif scope["type"] == "http":
                await answer(scope, send, BUSY)
            else:
                await deny(scope, receive, send, BUSY.status)
