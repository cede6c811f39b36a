"""Queue of a request's body, chunk by chunk, between the connection and its ASGI application, with flow control."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gazesite.asgi_types import Message


class BodyQueue(asyncio.Queue[Message]):
    """Queue whose `get` is the application's `receive`.

    It holds the bytes of one read, at most 64 KB; more are read when the application has taken them.

    pause, resume: stop and start reading from the connection. on_get: called when the application wants a message.
    """

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None], on_get: Callable[[], None]) -> None:
        super().__init__()
        self._pause, self._resume, self._on_get = pause, resume, on_get

    def add(self, data: bytes) -> None:
        """Put a chunk of the body; others may follow."""
        self.put_nowait({"type": "http.request", "body": data, "more_body": True})
        self._pause()

    def end(self) -> None:
        """Put the end of the body and resume reading: the application may never ask for an empty body."""
        self.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        self._resume()

    async def get(self) -> Message:
        self._on_get()
        return await super().get()

    def _get(self) -> Message:
        message: Message = super()._get()
        if self.empty():
            self._resume()
        return message
