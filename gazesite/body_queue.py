"""Queue of a request's body, chunk by chunk, between the connection and its ASGI application, with flow control."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]

MOST_HELD = 64 << 10
"""Bytes that wait for the application; then nothing more is read from the connection until half of them are taken."""
MESSAGE_COST = 512
"""Bytes that a message takes besides its body: many small chunks fill the queue too."""


class BodyQueue(asyncio.Queue[Message]):
    """The application's `receive` is this queue's `get`.

    pause, resume: reading from the connection. asked: called when the application wants the next message.
    """

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None], asked: Callable[[], None]) -> None:
        self._pause, self._resume, self._asked = pause, resume, asked
        self._cost = 0
        super().__init__()

    def add(self, data: bytes, *, more: bool) -> None:
        """A chunk of the body; more: whether others follow."""
        self.put_nowait({"type": "http.request", "body": data, "more_body": more})
        if self._cost > MOST_HELD:
            self._pause()

    async def get(self) -> Message:
        self._asked()
        return await super().get()

    def _put(self, item: Message) -> None:
        self._cost += _cost(item)
        super()._put(item)

    def _get(self) -> Message:
        message: Message = super()._get()
        was_full = self._cost > MOST_HELD // 2
        self._cost -= _cost(message)
        if was_full and self._cost <= MOST_HELD // 2:
            self._resume()
        return message


def _cost(message: Message) -> int:
    return len(message.get("body", b"")) + MESSAGE_COST
