"""HTTP request that starts its application after the headers and streams the body to it.

Twisted would collect the body, parse a form in it on the event loop and keep the fields in memory;
Daphne would read all of it into memory again. This class does neither.
"""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from daphne.http_protocol import WebRequest
from daphne.utils import HEADER_NAME_RE, INVALID_HEADER_VALUE_BYTES
from twisted.internet import reactor
from twisted.web.http import _MalformedChunkedDataError

from gazesite.server.body_queue import BodyQueue

SMALL_CHUNKS, MIN_CHUNK = 256, 32
"""Chunks of a body after which less than MIN_CHUNK bytes a chunk, on average, end the connection."""

REMOVED_HEADERS = (b"daphne-root-path", b"sec-websocket-protocol")
"""Headers that Daphne must not read: the first lets a client choose the site's root path; the second, which the site
does not use, makes Daphne fail on every byte that is not ASCII."""

_clock: Any = reactor
"""Reactor, typed as Any because mypy does not understand Twisted's interfaces."""


class StreamedRequest(WebRequest):  # type: ignore[misc]
    """Request of one connection. `args` and `received_cookies`, which Twisted would fill, stay empty."""

    body_is_whole = False

    def parseCookies(self) -> None:  # noqa: N802  Twisted's name
        """Parse nothing: the application reads the Cookie header itself."""

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Handle the end of the headers. length: declared bytes of the body; None when it comes in chunks."""
        self._chunked = length is None
        self._chunks = self._received = 0
        self.args: dict[bytes, list[bytes]] = {}
        self.content = BytesIO()  # of a WebSocket's handshake, which has none
        for header in REMOVED_HEADERS:
            self.requestHeaders.removeHeader(header)
        self.method, self.uri, self.clientproto = self.channel._command, self.channel._path, self.channel._version
        self.path, _, self.query_string = self.uri.partition(b"?")
        self._is_handshake = length == 0 and self._upgrades_to_websocket()
        if not self._is_handshake:
            self._body = BodyQueue(self.channel.pause_reading, self._resume_reading, self._send_continue)
            # Later, because an answer to bad headers would end this request while Twisted still works on it.
            _clock.callLater(0, self._begin)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._chunks += 1
        self._received += len(data)
        if self._chunked and self._chunks > SMALL_CHUNKS and self._received < self._chunks * MIN_CHUNK:
            raise _MalformedChunkedDataError("chunks too small")
        self._body.add(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """Handle the end of the body. Twisted's own method would parse it."""
        self.body_is_whole = True
        self.request_start = time.time()
        if self._is_handshake:
            self.process()
        else:
            self._body.end()

    @property
    def receive(self) -> BodyQueue:
        """Queue from which Server.create_application takes the application's messages."""
        return self._body

    async def drain(self) -> None:
        """Wait until the client has taken what was written."""
        channel = getattr(self, "channel", None)
        if channel is not None:
            await channel.drain()

    def handle_reply(self, message: Any) -> None:
        if message["type"] == "http.response.start" and not self.body_is_whole:
            others = [each for each in message.get("headers", ()) if each[0].lower() != b"connection"]
            message = {**message, "headers": [*others, (b"connection", b"close")]}
        super().handle_reply(message)

    def check_timeouts(self) -> None:
        """Check the deadline of the response, which begins when the request is complete."""
        if self.body_is_whole:
            super().check_timeouts()

    def _begin(self) -> None:
        if self._disconnected:
            return
        self.request_start = time.time()
        malformed = self._malformed()
        if malformed:
            self.basic_error(400, b"Bad Request", malformed)
            return
        self.application_queue = self.server.create_application(self, self._scope())

    def _malformed(self) -> str | None:
        """Reason why the request is malformed, as Daphne judges it; None when it is not."""
        for name, values in self.requestHeaders.getAllRawHeaders():
            if not HEADER_NAME_RE.fullmatch(name):
                return "Invalid header name"
            if any(INVALID_HEADER_VALUE_BYTES.intersection(value) for value in values):
                return "Invalid header value"
        return None if self.uri.isascii() else "Invalid characters in path"

    def _scope(self) -> dict[str, Any]:
        self.client_addr = _address(self.client)
        self.server_addr = _address(self.host)
        return {
            "type": "http",
            "http_version": self.clientproto.partition(b"/")[2].decode(),
            "method": self.method.decode("ascii"),
            "path": unquote(self.path.decode("ascii")),
            "raw_path": self.path,
            "root_path": self.server.root_path,
            "scheme": "http",
            "query_string": self.query_string,
            # Names with an underscore would look to Django like others with a hyphen (CVE-2015-0219).
            "headers": [
                (name.lower(), value)
                for name, values in self.requestHeaders.getAllRawHeaders()
                if b"_" not in name
                for value in values
            ],
            "client": self.client_addr,
            "server": self.server_addr,
        }

    def _upgrades_to_websocket(self) -> bool:
        upgrade = self.requestHeaders.getRawHeaders(b"upgrade") or [b""]
        return bool(upgrade[0].lower() == b"websocket")

    def _send_continue(self) -> None:
        expects = self.requestHeaders.getRawHeaders(b"expect") or [b""]
        if expects[0].lower() == b"100-continue" and not (self._received or self.body_is_whole or self._disconnected):
            self.requestHeaders.removeHeader(b"expect")
            self.channel.continue_body()

    def _resume_reading(self) -> None:
        channel = getattr(self, "channel", None)
        if channel is not None:
            channel.resume_reading()


def _address(address: Any) -> list[Any] | None:
    """Host and port in ASGI's form; None for a local socket."""
    return [str(address.host), address.port] if hasattr(address, "host") and hasattr(address, "port") else None
