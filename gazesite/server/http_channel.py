"""HTTP/1.1 connection with a deadline for everything that a client could do slowly."""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.web.http import HTTPChannel, Request

HEADER_SECONDS = 10.0
"""Longest time from connecting, or from a later request's first byte, to the end of its headers."""
IDLE_SECONDS = 30.0
"""Longest time between an answer and the next request's first byte."""
WRITE_SECONDS = 30.0
"""Longest time for a client to take the 64 KB of its answer that were written last."""
LINGER_SECONDS = 2.0
"""Time for the client to read a response sent before its request was complete; further bytes are discarded.

Closed at once, the connection would be reset, and the client might never see the answer.
"""
MAX_HEADER_LINES = 128
"""Most lines of a header section, continued ones included; browsers send some twenty."""


class Channel(HTTPChannel):  # type: ignore[misc]
    """HTTP/1.1 connection. Twisted limits a header section to 16 KB."""

    timeOut = IDLE_SECONDS  # noqa: N815  Twisted's name
    abortTimeout = LINGER_SECONDS  # noqa: N815  Twisted's name
    maxHeaders = MAX_HEADER_LINES  # noqa: N815  Twisted's name

    def __init__(self) -> None:
        super().__init__()
        self._header_deadline: IDelayedCall | None = None
        self._abortingCall: IDelayedCall | None = None
        self._lines = 0
        self._discards = False
        self._drained: asyncio.Future[None] | None = None

    # ------------------------------------------------------------------ reading

    def connectionMade(self) -> None:  # noqa: N802  Twisted's name
        super().connectionMade()
        self._expect_headers()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._discards:
            return
        if not self.requests and self._header_deadline is None:
            self._expect_headers()
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        self._lines += 1
        try:
            if self._lines > MAX_HEADER_LINES:
                raise ValueError("too many header lines")
            super().lineReceived(line)
        except ValueError:  # also Python's own, for a length of thousands of digits
            self._respondToBadRequestAndDisconnect()

    def allHeadersReceived(self) -> None:  # noqa: N802
        self._lines = 0
        self._cancel_header_deadline()
        super().allHeadersReceived()
        self.setTimeout(None)  # a body has the application's own deadlines

    def _send100Continue(self) -> None:  # noqa: N802
        """Send nothing yet: continue_body() does when the application wants the body, and a refused one is not sent."""

    def continue_body(self) -> None:
        """Tell a client that waits for it to send its body."""
        super()._send100Continue()

    def pause_reading(self) -> None:
        self._networkProducer.pauseProducing()

    def resume_reading(self) -> None:
        if not self._waitingForTransport:
            self._networkProducer.resumeProducing()

    # ------------------------------------------------------------------ writing

    def requestDone(self, request: Request) -> None:  # noqa: N802
        if not request.body_is_whole:
            self._discard_the_rest(request)
            return
        self._savedTimeOut = IDLE_SECONDS
        super().requestDone(request)

    def _discard_the_rest(self, request: Request) -> None:
        self.requests.remove(request)
        self._discards = True
        self._networkProducer.resumeProducing()
        self.transport.loseWriteConnection()
        self.callLater(LINGER_SECONDS, self.loseConnection)

    def loseConnection(self) -> None:  # noqa: N802
        """Close once everything is written; abort when the client does not take it in WRITE_SECONDS."""
        self._abort_after(WRITE_SECONDS)
        super().loseConnection()

    def pauseProducing(self) -> None:  # noqa: N802
        super().pauseProducing()
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()

    def resumeProducing(self) -> None:  # noqa: N802
        super().resumeProducing()
        self._wake_writer()

    async def drain(self) -> None:
        """Wait until the client has taken what was written; abort when it does not in WRITE_SECONDS."""
        if self._drained is None:
            return
        try:
            await asyncio.wait_for(asyncio.shield(self._drained), WRITE_SECONDS)
        except TimeoutError:
            self.transport.abortConnection()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self._cancel_header_deadline()
        self._wake_writer()
        super().connectionLost(reason)

    # ------------------------------------------------------------------ deadlines

    def _expect_headers(self) -> None:
        self._header_deadline = self.callLater(HEADER_SECONDS, self._headers_too_slow)

    def _headers_too_slow(self) -> None:
        self._header_deadline = None
        self.loseConnection()

    def _cancel_header_deadline(self) -> None:
        if self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None

    def _abort_after(self, seconds: float) -> None:
        if self._abortingCall is None:  # Twisted cancels it when the connection is lost
            self._abortingCall = self.callLater(seconds, self.forceAbortClient)

    def _wake_writer(self) -> None:
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None
