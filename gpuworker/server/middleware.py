"""ASGI middleware that lets only authorised, small and quick requests of this protocol through to a route.

Plain ASGI, in front of everything: a stranger learns from any path the same 401, and not one byte
of a stranger's body is read.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gpuworker.errors import AccessDenied, BadRequest, OtherProtocol, PhotoTooLarge, RenderError
from gpuworker.workers import protocol

log = logging.getLogger(__name__)

BODY_SECONDS = 60.0
"""For a whole body; a photo's 34 MB take a second on a slow line of a data centre."""
CHUNK_SECONDS = 10.0
SMALL_BODY = 65_536
"""Bytes of every body that is not a submission."""


class Refused(Exception):
    """Refusal of a request. status: one of protocol.STATUSES."""

    def __init__(self, status: int, error: RenderError) -> None:
        super().__init__(error.sentence)
        self.status = status
        self.error = error


class WorkerMiddleware:
    """ASGI middleware that answers bad requests itself. token None lets everybody in, which is for loopback alone."""

    def __init__(
        self,
        app: ASGIApp,
        token: str | None,
        *,
        body_seconds: float = BODY_SECONDS,
        chunk_seconds: float = CHUNK_SECONDS,
    ) -> None:
        self._app = app
        self._token = token.encode() if token is not None else None
        self._body_seconds = body_seconds
        self._chunk_seconds = chunk_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        try:
            self._check(scope, headers)
            body = await self._body(scope, headers, receive)
        except Refused as refused:
            await _answer(send, refused)
            return
        await self._app(scope, _Replayed(body, receive), _versioned(send))

    def _check(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if self._token is not None and not (
            scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._token)
        ):
            raise Refused(401, AccessDenied())
        version = headers.get(protocol.VERSION_HEADER.lower().encode(), b"")
        if scope["path"] != "/health" and version != str(protocol.VERSION).encode():
            raise Refused(426, OtherProtocol(details={"protocol": protocol.VERSION}))
        ranges = headers.get(b"range", b"")
        if b"," in ranges or len(ranges) > 64:
            raise Refused(416, BadRequest("Files are delivered whole."))

    async def _body(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """Whole body, within bounds of size and time. Raises Refused."""
        most = protocol.MAX_BODY if scope["path"] == "/generate" and scope["method"] == "POST" else SMALL_BODY
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or len(declared) > 15 or int(declared) > most:
            raise Refused(413, PhotoTooLarge())
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._body_seconds):
                while True:
                    async with asyncio.timeout(self._chunk_seconds):
                        message = await receive()
                    if message["type"] == "http.disconnect":
                        return b""
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    if size > most:
                        raise Refused(413, PhotoTooLarge())
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError as error:
            raise Refused(408, BadRequest("The request came too slowly.")) from error


class _Replayed:
    """ASGI receive channel of a body that has been read, as the application expects to receive it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _versioned(send: Send) -> Send:
    """ASGI send channel that adds the protocol's version, so that a proxy's own pages are told apart from ours."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_OURS]
        await send(message)

    return sent


_OURS = [
    (protocol.VERSION_HEADER.lower().encode(), str(protocol.VERSION).encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


async def _answer(send: Send, refused: Refused) -> None:
    """Send the refusal and close the connection: what is left of the body is never read."""
    body = json.dumps(protocol.refusal_json(refused.error)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *_OURS,
    ]
    if refused.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
