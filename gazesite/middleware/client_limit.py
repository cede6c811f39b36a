"""ASGI middleware that limits concurrent requests and WebSockets per client, also behind a proxy."""

from __future__ import annotations

from gazesite.asgi_types import App, Receive, Scope, Send
from gazesite.limits.client_key import client_key
from gazesite.limits.concurrency_limit import ConcurrencyLimit
from gazesite.middleware.error_response import BUSY, send_error
from portraits.live.handshake import deny


class ClientLimit:
    """ASGI middleware inside ProxyHeaders. most: requests and sockets of one address or IPv6 network at a time."""

    def __init__(self, app: App, most: int) -> None:
        self._app = app
        self._open = ConcurrencyLimit("requests of one client", most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with self._open.slot(client_key(scope)) as has_room:
            if has_room:
                await self._app(scope, receive, send)
            elif scope["type"] == "http":
                await send_error(scope, send, BUSY)
            else:
                await deny(scope, receive, send, BUSY.status)
