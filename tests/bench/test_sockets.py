"""The client of the sockets' benchmark, against a server that says bytes."""

from __future__ import annotations

import asyncio

from tests.bench.sockets import PING, TEXT, Page

UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True


def frame(kind: int, payload: bytes) -> bytes:
    if len(payload) < 126:
        return bytes([0x80 | kind, len(payload)]) + payload
    if len(payload) < 1 << 16:
        return bytes([0x80 | kind, 126]) + len(payload).to_bytes(2) + payload
    return bytes([0x80 | kind, 127]) + len(payload).to_bytes(8) + payload


def heard(data: bytes, step: int) -> tuple[Page, Wire, list[bytes]]:
    """A page and its results from the bytes, when so many come at a time."""
    wire, arrivals = Wire(), asyncio.Queue[tuple[float, bytes]]()
    page = Page(b"hello", arrivals)
    page.connection_made(wire)
    for start in range(0, len(data), step):
        page.data_received(data[start : start + step])
    return page, wire, [arrivals.get_nowait()[1] for _ in range(arrivals.qsize())]


def test_frames_of_every_length_are_read_however_they_are_cut() -> None:
    messages = [b"a" * 5, b"b" * 300, b"c" * 70_000, b""]
    data = UPGRADED + b"".join(frame(TEXT, message) for message in [b"first snapshot", *messages])
    for step in (1, 7, len(data)):
        page, _, arrived = heard(data, step)
        assert page.is_open
        assert arrived == messages


def test_it_opens_with_its_first_snapshot_and_not_with_the_handshake() -> None:
    page, wire, _ = heard(UPGRADED, 1)
    assert wire.written == [b"hello"]
    assert not page.is_open
    assert not page.opened.is_set()


def test_a_ping_is_answered_with_a_masked_pong() -> None:
    _, wire, _ = heard(UPGRADED + frame(PING, b"here?"), 1)
    assert wire.written[1:] == [b"\x8a\x85\0\0\0\0here?"]


def test_a_refused_handshake_closes_the_socket() -> None:
    page, wire, _ = heard(b"HTTP/1.1 403 Access denied\r\n\r\n", 1)
    assert wire.closed
    assert not page.is_open
