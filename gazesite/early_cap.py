"""Daphne with body_cap's limits where its bodies really arrive.

Twisted writes a whole body to a temporary file before Daphne calls any application, so that BodyCap
alone would count what has been spooled already. Here too long a body is refused from its headers or
at the byte that is too much, and what follows is thrown away. Whether a session is valid is
BodyCap's question; whoever does not even have its cookie gets no file.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server
from twisted.internet import reactor
from twisted.internet.interfaces import IAddress

from gazesite.body_cap import (
    HEADERS,
    IDLE_SECONDS,
    OVERALL_SECONDS,
    SIGN_IN,
    TOO_SLOW,
    BodyLimits,
    Refusal,
    as_json,
    as_page,
    too_large,
)

PARTING_SECONDS = 2.0
"""How long what comes after a refusal is thrown away before the connection is closed.

Closed at once, it would be reset, and the client might never see the answer.
"""


_clock: Any = reactor
"""Twisted's interfaces say nothing that mypy understands."""


class CappedServer(Server):  # type: ignore[misc]
    """As daphne.server.Server.

    limits: as BodyCap's. session_cookie: its name; without it nothing is uploaded. None asks nobody for one.
    """

    def __init__(
        self,
        *arguments: Any,
        limits: BodyLimits,
        session_cookie: str | None = None,
        overall_seconds: float = OVERALL_SECONDS,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.limits = limits
        self.session_cookie = session_cookie
        self.overall_seconds = overall_seconds

    @property
    def http_factory(self) -> _CappedFactory:
        return self._http_factory

    @http_factory.setter
    def http_factory(self, _plain: HTTPFactory) -> None:
        """Server.run makes a plain one; there is no other place to hand in one's own."""
        self._http_factory = _CappedFactory(self)


class _CappedFactory(HTTPFactory):  # type: ignore[misc]
    def buildProtocol(self, addr: IAddress) -> Any:  # noqa: N802  Twisted's name
        self.timeOut = IDLE_SECONDS
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = _CappedRequest
        return protocol


class _CappedRequest(WebRequest):  # type: ignore[misc]
    """One request, its body counted as it comes."""

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """The headers are here; length: what they declare, None when the body comes in chunks."""
        self._refusal: Refusal | None = None
        self._length = 0
        self._limit, self._over_limit = self._allowed()
        self._deadline = _clock.callLater(self.server.overall_seconds, self._refuse, TOO_SLOW)
        fits = length is None or length <= self._limit
        super().gotLength(length if fits else 0)
        if not fits:
            self._refuse(self._over_limit)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._length += len(data)
        if self._refusal is None and self._length > self._limit:
            self._refuse(self._over_limit)
        if self._refusal is None:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        self._cancel_deadline()
        if self._refusal is None:
            super().requestReceived(command, path, version)
        else:
            self.loseConnection()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self._cancel_deadline()
        super().connectionLost(reason)

    def _allowed(self) -> tuple[int, Refusal]:
        """Most bytes of this body, and the answer to more."""
        limits: BodyLimits = self.server.limits
        path = unquote(self.channel._path.partition(b"?")[0].decode("latin-1"))
        cookie = self.server.session_cookie
        if limits.takes_uploads(path) and cookie is not None and cookie.encode() not in self.received_cookies:
            return limits.usual, SIGN_IN
        return limits.of(path), too_large(limits.of(path))

    def _refuse(self, refusal: Refusal) -> None:
        """Answer now, drop what is there and what follows, and close."""
        self._refusal = refusal
        self._cancel_deadline()
        self.content.close()
        self.channel.transport.write(_answer(refusal, self._accepts_json()))
        self._deadline = _clock.callLater(PARTING_SECONDS, self.loseConnection)

    def _accepts_json(self) -> bool:
        accepted = self.requestHeaders.getRawHeaders(b"accept", [])
        return b"application/json" in b",".join(accepted).lower()

    def _cancel_deadline(self) -> None:
        deadline = getattr(self, "_deadline", None)
        if deadline is not None and deadline.active():
            deadline.cancel()


def _answer(refusal: Refusal, json: bool) -> bytes:
    """A whole HTTP answer; Daphne's own way of answering begins only when the body is here."""
    kind, body = (b"application/json", as_json(refusal)) if json else (b"text/html; charset=utf-8", as_page(refusal))
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *HEADERS]
    lines = [f"HTTP/1.1 {refusal.status} {refusal.title}".encode(), *(b": ".join(header) for header in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
