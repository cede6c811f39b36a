"""ASGI middleware with a queue per client: many requests of one client do not hold up those of others."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from gazesite.asgi_types import App, Message, Receive, Scope, Send
from gazesite.limits.client_key import client_key

MAX_CONCURRENT = 8
"""Requests of one client that are processed at a time. Each has a thread; hundreds of threads block the event loop."""


class ClientQueue:
    """ASGI middleware: at most `most` requests of a client are between the end of their body and their answer's start.

    The others wait in order. exempt: exact paths whose requests never wait; exempt_posts: exact paths whose POST
    requests never wait.
    """

    def __init__(
        self, app: App, exempt: Collection[str] = (), exempt_posts: Collection[str] = (), most: int = MAX_CONCURRENT
    ) -> None:
        self._app = app
        self._exempt = exempt
        self._exempt_posts = exempt_posts
        self._most = most
        self._queues: dict[str, _Queue] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = client_key(scope)
        if scope["type"] != "http" or not client or self._is_exempt(scope):
            await self._app(scope, receive, send)
            return
        queue = self._queues.setdefault(client, _Queue(self._most))
        queue.members += 1
        slot = _Slot(queue.semaphore, receive, send)
        try:
            await self._app(scope, slot.receive, slot.send)
        finally:
            slot.end()
            queue.members -= 1
            if not queue.members:
                del self._queues[client]

    def _is_exempt(self, scope: Scope) -> bool:
        return scope["path"] in self._exempt or (scope["method"] == "POST" and scope["path"] in self._exempt_posts)


class _Queue:
    """Queue of one client, kept as long as it has members."""

    def __init__(self, most: int) -> None:
        self.semaphore = asyncio.Semaphore(most)
        self.members = 0


class _Slot:
    """Slot of a request, taken when the application is handed the end of the body."""

    def __init__(self, semaphore: asyncio.Semaphore, receive: Receive, send: Send) -> None:
        self._semaphore = semaphore
        self._receive = receive
        self._send = send
        self._began = self._ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False) and not self._began:
            await self._semaphore.acquire()
            self._began = True
        return message

    async def send(self, message: Message) -> None:
        self.end()
        await self._send(message)

    def end(self) -> None:
        if self._began and not self._ended:
            self._ended = True
            self._semaphore.release()
