"""Many pages that watch one session, and how long a change takes to reach each of them.

A small client of its own, because most of a general one's time would be counted as the site's.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

AT_ONCE = 20
"""Handshakes under way."""
OPEN_SECONDS, ROUND_SECONDS, ALL_SECONDS = 30.0, 20.0, 120.0
"""Longest times for a socket to get its first snapshot, for a publication to arrive, and for all sockets to open."""

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


@dataclass
class Crowd:
    """milliseconds: from each publication to its arrival at each socket; expected: how many there should be.

    opening: seconds until all had their first snapshot, or were given up; remaining: still open at the end.
    """

    sockets: int
    opening: float = 0.0
    remaining: int = 0
    expected: int = 0
    milliseconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Watched:
    """A session, its owner's cookie, and the socket on which it is published (see publisher.py)."""

    address: str
    cookie: str
    session: str
    publisher: Path


def allow_sockets() -> None:
    """Raise the limit of open files for this process and its children as far as it may go."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def watch(watched: Watched, sockets: int, rounds: int) -> Crowd:
    """Open them, publish that often, close them."""
    return asyncio.run(_watch(watched, sockets, rounds))


async def _watch(watched: Watched, sockets: int, rounds: int) -> Crowd:
    crowd, arrivals = Crowd(sockets), asyncio.Queue[tuple[float, bytes]]()
    pages = [Page(_handshake(watched), arrivals) for _ in range(sockets)]
    try:
        start = time.monotonic()
        await _open_all(watched, pages)
        crowd.opening = time.monotonic() - start
        for _ in range(rounds):
            await _round(watched, pages, arrivals, crowd)
        crowd.remaining = sum(page.is_open for page in pages)
    finally:
        for page in pages:
            page.close()
    return crowd


async def _open_all(watched: Watched, pages: list[Page]) -> None:
    """Open as many sockets as open in time."""
    host, _, port = urlsplit(watched.address).netloc.rpartition(":")
    gate = asyncio.Semaphore(AT_ONCE)

    async def open_one(page: Page) -> None:
        async with gate:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(OPEN_SECONDS):
                    await asyncio.get_running_loop().create_connection(lambda: page, host, int(port))
                    await page.opened.wait()

    with suppress(TimeoutError):
        async with asyncio.timeout(ALL_SECONDS):
            await asyncio.gather(*map(open_one, pages))


async def _round(
    watched: Watched, pages: list[Page], arrivals: asyncio.Queue[tuple[float, bytes]], crowd: Crowd
) -> None:
    expected = sum(page.is_open for page in pages)
    crowd.expected += expected
    began, sequence = await _publish(watched)
    arrived = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(ROUND_SECONDS):
            while arrived < expected:
                moment, message = await arrivals.get()
                if json.loads(message)["sequence"] == sequence:
                    arrived += 1
                    crowd.milliseconds.append(1000 * (moment - began))


async def _publish(watched: Watched) -> tuple[float, int]:
    reader, writer = await asyncio.open_unix_connection(str(watched.publisher))
    try:
        writer.write(f"{watched.session}\n".encode())
        began, sequence = (await reader.readline()).split()
    finally:
        writer.close()
        await writer.wait_closed()
    return float(began), int(sequence)


def _handshake(watched: Watched) -> bytes:
    lines = [
        f"GET /ws/sessions/{watched.session}/ HTTP/1.1",
        f"Host: {urlsplit(watched.address).netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Origin: {watched.address}",
        f"Cookie: {watched.cookie}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


class Page(asyncio.Protocol):
    """One socket. Its messages after the first snapshot go to `arrivals`, with the moment."""

    def __init__(self, handshake: bytes, arrivals: asyncio.Queue[tuple[float, bytes]]) -> None:
        self._handshake = handshake
        self._arrivals = arrivals
        self._heard = b""
        self._upgraded = False
        self._transport: asyncio.Transport | None = None
        self.opened = asyncio.Event()
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        moment = time.monotonic()
        self._heard += data
        if not self._upgraded and not self._upgrade():
            return
        for kind, payload in self._frames():
            self._take(kind, payload, moment)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _upgrade(self) -> bool:
        """Whether the server's answer is complete."""
        head, end, rest = self._heard.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.close()
            return False
        self._upgraded, self._heard = True, rest
        return True

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Frames of a server: never masked. Ours are never in parts."""
        while len(self._heard) >= 2:
            kind, length = self._heard[0] & 0xF, self._heard[1] & 0x7F
            start = 2 + {126: 2, 127: 8}.get(length, 0)
            if start > 2:
                length = int.from_bytes(self._heard[2:start])
            if len(self._heard) < start + length:
                return
            payload, self._heard = self._heard[start : start + length], self._heard[start + length :]
            yield kind, payload

    def _take(self, kind: int, payload: bytes, moment: float) -> None:
        assert self._transport is not None
        if kind == TEXT and self.is_open:
            self._arrivals.put_nowait((moment, payload))
        elif kind == TEXT:
            self.is_open = True
            self.opened.set()
        elif kind == PING:  # a client's frames are masked; zeros change nothing
            self._transport.write(bytes([0x80 | PONG, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
        elif kind == CLOSE:
            self.close()
