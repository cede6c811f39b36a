"""WebSocket connection for pages that only listen: Daphne's, with limits on what a client may send."""

from __future__ import annotations

import time
from http.client import responses
from typing import Any

from autobahn.twisted.websocket import ConnectionDeny
from daphne.ws_protocol import WebSocketProtocol

MAX_MESSAGE_BYTES = 1024
FRAMES_AT_ONCE, FRAMES_A_SECOND = 64, 1
"""Frames that a client may send: at first, and for each second. A page only answers a ping every twenty seconds."""


class ListeningSocket(WebSocketProtocol):  # type: ignore[misc]
    """WebSocket connection with ASGI's extension websocket.http.response: any HTTP status can refuse a handshake."""

    frames = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  Twisted's name
        """Drop a connection that sends before its handshake is answered: no browser does, and memory would fill."""
        if hasattr(self, "handshake_deferred"):
            self.dropConnection(abort=True)
        else:
            super().dataReceived(data)

    def onFrameBegin(self) -> None:  # noqa: N802  autobahn's name
        self.frames += 1
        if self.frames > FRAMES_AT_ONCE + FRAMES_A_SECOND * (time.time() - self.socket_opened):
            self.dropConnection(abort=True)
        super().onFrameBegin()

    def sendMessage(self, payload: bytes, *rest: Any, **options: Any) -> None:  # noqa: N802  autobahn's name
        """Send a message of any length: autobahn would apply the limit of incoming messages."""
        self.maxMessagePayloadSize = 0
        try:
            super().sendMessage(payload, *rest, **options)
        finally:
            self.maxMessagePayloadSize = MAX_MESSAGE_BYTES

    def handle_reply(self, message: Any) -> None:
        if message["type"] == "websocket.http.response.start":
            self._refuse(message["status"])
        elif message["type"] != "websocket.http.response.body":
            super().handle_reply(message)

    def _refuse(self, status: int) -> None:
        self.handshake_deferred.errback(ConnectionDeny(code=status, reason=responses[status]))
        del self.handshake_deferred
        self.server.protocol_disconnected(self)
