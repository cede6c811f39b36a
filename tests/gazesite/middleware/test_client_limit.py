"""How many requests and sockets one client has at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from gazesite.middleware.client_limit import ClientLimit

Sent = list[dict[str, Any]]


class Site:
    """An application that answers when the test says so, behind a limit of two."""

    def __init__(self) -> None:
        self.open = 0
        self.done = asyncio.Event()
        self.limit = ClientLimit(self, 2)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.open += 1
        await self.done.wait()

    def ask(self, client: str, kind: str = "http", **scope: Any) -> tuple[asyncio.Task[None], Sent]:
        sent: Sent = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        whole = {"type": kind, "headers": [], "client": (client, 0), **scope}
        return asyncio.create_task(self.limit(whole, receive, send)), sent


async def test_one_client_has_two_at_a_time_and_others_have_theirs() -> None:
    site = Site()
    under_way = [site.ask("192.0.2.1")[0], site.ask("192.0.2.1", "websocket")[0], site.ask("192.0.2.2")[0]]
    refused, sent = site.ask("192.0.2.1")
    await refused
    assert sent[0]["status"] == 503
    assert dict(sent[0]["headers"])[b"retry-after"] == b"5"
    site.done.set()
    await asyncio.gather(*under_way)
    assert site.open == 3
    again, sent = site.ask("192.0.2.1")
    await again
    assert sent == []


async def test_addresses_of_one_ipv6_network_are_one_client() -> None:
    site = Site()
    under_way = [site.ask(f"2001:db8::{number}")[0] for number in (1, 2)]
    refused, sent = site.ask("2001:db8::3")
    await refused
    assert sent[0]["status"] == 503
    site.done.set()
    await asyncio.gather(*under_way)


async def test_a_socket_too_many_is_refused_in_its_handshake() -> None:
    site = Site()
    under_way = [site.ask("192.0.2.1")[0] for _ in range(2)]
    for extensions, first in (
        ({}, {"type": "websocket.close"}),
        ({"websocket.http.response": {}}, {"type": "websocket.http.response.start", "status": 503, "headers": []}),
    ):
        refused, sent = site.ask("192.0.2.1", "websocket", extensions=extensions)
        await refused
        assert sent[0] == first
    site.done.set()
    await asyncio.gather(*under_way)
