"""Queue of a request's body, chunk by chunk, between the connection and its ASGI application, with flow control."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]


class BodyQueue(asyncio.Queue[Message]):
    """The application's `receive` is this queue's `get`.

    Bytes that come in one read, at most 64 KB, wait here; more are read when the application has taken them.

    pause, resume: reading from the connection. asked: called when the application wants the next message.
    """

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None], asked: Callable[[], None]) -> None:
        super().__init__()
        self._pause, self._resume, self._asked = pause, resume, asked

    def add(self, data: bytes) -> None:
        """A chunk of the body; others may follow."""
        self.put_nowait({"type": "http.request", "body": data, "more_body": True})
        self._pause()

    def end(self) -> None:
        """The body is whole. Reading goes on: the end of a request without a body need not be asked for."""
        self.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        self._resume()

    async def get(self) -> Message:
        self._asked()
        return await super().get()

    def _get(self) -> Message:
        message: Message = super()._get()
        if self.empty():
            self._resume()
        return message
