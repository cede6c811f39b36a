"""Turns at work: one client's many requests wait for each other, and not everybody else for them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from gazesite.middleware.body_limits import App, Message, Receive, Scope, Send, client_of

AT_ONCE = 8
"""Requests of one client that are worked on at a time. Each has a thread, and hundreds of threads hold up the loop."""


class ClientTurns:
    """ASGI middleware: at most `most` requests of a client are between the end of their body and their answer's start.

    The others wait, first come first served. free: exact paths whose requests never wait; free_posts: of which only
    POST does not.
    """

    def __init__(
        self, app: App, free: Collection[str] = (), free_posts: Collection[str] = (), most: int = AT_ONCE
    ) -> None:
        self._app = app
        self._free = free
        self._free_posts = free_posts
        self._most = most
        self._queues: dict[str, _Queue] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = client_of(scope)
        if scope["type"] != "http" or not client or self._is_free(scope):
            await self._app(scope, receive, send)
            return
        queue = self._queues.setdefault(client, _Queue(self._most))
        queue.members += 1
        turn = _Turn(queue.places, receive, send)
        try:
            await self._app(scope, turn.receive, turn.send)
        finally:
            turn.end()
            queue.members -= 1
            if not queue.members:
                del self._queues[client]

    def _is_free(self, scope: Scope) -> bool:
        return scope["path"] in self._free or (scope["method"] == "POST" and scope["path"] in self._free_posts)


class _Queue:
    """Queue of one client, kept as long as it has members."""

    def __init__(self, most: int) -> None:
        self.places = asyncio.Semaphore(most)
        self.members = 0


class _Turn:
    """Turn of a request; it begins when the application is handed the end of the body."""

    def __init__(self, places: asyncio.Semaphore, receive: Receive, send: Send) -> None:
        self._places = places
        self._receive = receive
        self._send = send
        self._began = self._ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False) and not self._began:
            await self._places.acquire()
            self._began = True
        return message

    async def send(self, message: Message) -> None:
        self.end()
        await self._send(message)

    def end(self) -> None:
        if self._began and not self._ended:
            self._ended = True
            self._places.release()
