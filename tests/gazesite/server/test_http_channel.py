"""Deadlines of a connection, on a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.web.http import HTTPFactory, Request

from gazesite.server.http_channel import HEADER_SECONDS, IDLE_SECONDS, MAX_HEADER_LINES, WRITE_SECONDS, Channel

HEADERS = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Waiting(Request):  # type: ignore[misc]
    """A request that is answered when the test says so."""

    body_is_whole = True

    def process(self) -> None:
        pass


class Transport(StringTransportWithDisconnection):  # type: ignore[misc]
    """One whose client takes what is written only when the test says so."""

    slow = False

    def loseConnection(self) -> None:  # noqa: N802  Twisted's name
        self.disconnecting = True
        if not self.slow:
            super().loseConnection()

    def abortConnection(self) -> None:  # noqa: N802  Twisted's name
        super().loseConnection()


class Wire:
    def __init__(self) -> None:
        self.clock = Clock()
        factory = HTTPFactory(reactor=self.clock)
        factory.protocol = Channel
        self.channel: Any = factory.buildProtocol(None)
        self.channel.requestFactory = Waiting
        self.transport = Transport()
        self.transport.protocol = self.channel
        self.channel.makeConnection(self.transport)

    @property
    def is_open(self) -> bool:
        return bool(self.transport.connected)

    def drip(self, data: bytes, every: float) -> float:
        """Seconds until the connection was closed, or all of it was sent."""
        for at in range(len(data)):
            self.channel.dataReceived(data[at : at + 1])
            self.clock.advance(every)
            if not self.is_open:
                break
        return float(self.clock.seconds())

    def answer(self) -> None:
        self.channel.requests[0].finish()


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_a_connection_that_says_nothing_is_closed(wire: Wire) -> None:
    wire.clock.advance(HEADER_SECONDS - 0.1)
    assert wire.is_open
    wire.clock.advance(0.2)
    assert not wire.is_open


@pytest.mark.parametrize("every", [0.5, 1.0, 3.0])
def test_headers_that_drip_are_cut_off_however_fast(wire: Wire, every: float) -> None:
    seconds = wire.drip(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 100, every)
    assert not wire.is_open
    assert HEADER_SECONDS <= seconds <= HEADER_SECONDS + every


def test_a_request_may_take_as_long_as_it_likes_once_its_headers_are_there(wire: Wire) -> None:
    wire.channel.dataReceived(HEADERS)
    wire.clock.advance(200)
    assert wire.is_open


def test_between_requests_a_connection_idles_for_a_while_and_then_ends(wire: Wire) -> None:
    wire.channel.dataReceived(HEADERS)
    wire.answer()
    wire.clock.advance(IDLE_SECONDS - 1)
    assert wire.is_open
    wire.clock.advance(2)
    assert not wire.is_open


def test_the_headers_of_a_later_request_may_not_drip_either(wire: Wire) -> None:
    wire.channel.dataReceived(HEADERS)
    wire.answer()
    began = wire.clock.seconds()
    assert wire.drip(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 100, 1.0) - began <= HEADER_SECONDS + 1
    assert not wire.is_open


def test_a_client_that_never_takes_its_last_answer_is_cut_off(wire: Wire) -> None:
    wire.transport.slow = True
    wire.channel.dataReceived(b"GET / HTTP/1.0\r\n\r\n")
    wire.answer()
    assert wire.is_open
    wire.clock.advance(WRITE_SECONDS + 1)
    assert not wire.is_open


@pytest.mark.parametrize(
    "lines",
    [
        b"X-A: b\r\n" * (MAX_HEADER_LINES + 1),
        b"X-A: b\r\n" + b" \r\n" * 2 * MAX_HEADER_LINES,
        b"Content-Length: " + b"9" * 5_000,
    ],
    ids=["headers", "continued lines", "a length of thousands of digits"],
)
def test_headers_that_are_too_many_or_too_long_are_400(wire: Wire, lines: bytes) -> None:
    wire.channel.dataReceived(b"POST / HTTP/1.1\r\n" + lines + b"\r\n\r\n")
    assert wire.transport.value().startswith(b"HTTP/1.1 400 ")
    assert not wire.is_open
