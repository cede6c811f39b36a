"""Benchmark of the last step to a page: one publication to all sockets of one process, in memory.

`make bench-groups` compares the site's hub, which subscribes once, with Channels consumers that each join a group of
the session and one of the user; see docs/decisions/one-subscription.md. Sockets are ASGI applications on one loop
whose `send` only notes the moment: no network, no database, and no other requests beside them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from tests.bench import figures, latencies

SOCKETS, ROUNDS = 1_000, 20
TEXT = '{"sequence": 1, "padding": "' + 2_000 * "x" + '"}'
"""About as long as a snapshot."""
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Socket:
    """Page in memory that is served by an application until `leave`."""

    def __init__(self, app: App, arrivals: asyncio.Queue[float]) -> None:
        self._arrivals = arrivals
        self._opened = asyncio.Event()
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._heard.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.ensure_future(app({"type": "websocket"}, self._heard.get, self._send))

    async def open(self) -> None:
        await self._opened.wait()

    async def leave(self) -> None:
        self._heard.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await self._task

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] != "websocket.send":
            return
        if self._opened.is_set():
            self._arrivals.put_nowait(time.perf_counter())
        self._opened.set()


async def milliseconds(app: App, publish: Callable[[int], Awaitable[None]]) -> list[float]:
    """Time from each publication to its arrival at each socket."""
    arrivals: asyncio.Queue[float] = asyncio.Queue()
    sockets = [Socket(app, arrivals) for _ in range(SOCKETS)]
    for socket in sockets:
        await socket.open()
    found = []
    for number in range(1, ROUNDS + 1):
        began = time.perf_counter()
        await publish(number)
        found += [1000 * (await arrivals.get() - began) for _ in sockets]
    for socket in sockets:
        await socket.leave()
    return found


async def hub() -> list[float]:
    from channels.layers import get_channel_layer

    from portraits.live import publisher, subscriptions
    from portraits.live.authorization import Authorization, Credentials, Subscription

    session_id, layer = uuid4(), get_channel_layer()

    async def check(subscriptions_asked: set[Subscription], known: dict[UUID, int]) -> Authorization:
        return Authorization(frozenset(subscriptions_asked), {session_id: publisher.Snapshot(0, TEXT)})

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async with subscriptions.subscribe(Subscription(Credentials(1, "key", "password"), session_id)) as subscriber:

            async def tell() -> None:
                async for text in subscriber:
                    await send({"type": "websocket.send", "text": text})

            telling = asyncio.create_task(tell())
            while (await receive())["type"] != "websocket.disconnect":
                pass
            telling.cancel()

    async def publish(number: int) -> None:
        assert layer is not None
        await layer.group_send(publisher.GROUP, {"session": str(session_id), "sequence": number, "snapshot": TEXT})

    subscriptions._authorize = check  # type: ignore[assignment]
    return await milliseconds(app, publish)


async def groups(*, hop: bool) -> list[float]:
    """hop: whether each message goes through another thread, as Channels' consumers have it."""
    from channels.consumer import get_handler_name
    from channels.generic.websocket import AsyncWebsocketConsumer
    from channels.layers import get_channel_layer

    layer = get_channel_layer()

    class Consumer(AsyncWebsocketConsumer):  # type: ignore[misc]
        groups = ("session", "user")

        async def connect(self) -> None:
            await self.accept()
            await self.send(TEXT)

        async def snapshot(self, message: dict[str, Any]) -> None:
            await self.send(message["text"])

    class Direct(Consumer):
        async def dispatch(self, message: dict[str, Any]) -> None:
            await getattr(self, get_handler_name(message))(message)

    async def publish(number: int) -> None:
        assert layer is not None
        await layer.group_send("session", {"type": "snapshot", "text": TEXT})

    return await milliseconds((Consumer if hop else Direct).as_asgi(), publish)


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
    django.setup()
    found = [
        *latencies.figures("one subscription of the process", asyncio.run(hub())),
        *latencies.figures("groups of Channels", asyncio.run(groups(hop=True))),
        *latencies.figures("groups of Channels, without a thread a message", asyncio.run(groups(hop=False))),
    ]
    figures.publish("groups", [figures.Figure.plain("sockets", SOCKETS, ""), *found])


if __name__ == "__main__":
    main()
