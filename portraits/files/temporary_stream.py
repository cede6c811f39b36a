"""A large answer on its way out: on disk and not in memory, without a name, gone when it is closed."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import IO

PIECE = 1 << 18
"""Bytes that are in memory at a time."""


MAX_PER_PERSON = 2
"""Most files of a person at a time, in this process: each takes some 15 MB of disk for as long as its reader likes."""

_lock = threading.Lock()
_open: Counter[object] = Counter()


class TooManyDownloads(Exception):
    """The person has MAX_PER_PERSON under way."""


class TemporaryStream:
    """Write to `target`, then hand this to StreamingHttpResponse, which reads it piece by piece and closes it.

    It is read in a thread, so that a slow disk holds up no other request on the server's loop. Its
    bytes are gone with the process, however that ends.
    """

    def __init__(self, folder: Path, person: object) -> None:
        """Raises TooManyDownloads, OSError."""
        self._person = person
        with _lock:
            if _open[person] >= MAX_PER_PERSON:
                raise TooManyDownloads
            self.target: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed with the answer
            _open[person] += 1

    def size(self) -> int:
        """Bytes written."""
        self.target.flush()
        return os.fstat(self.target.fileno()).st_size

    def __aiter__(self) -> TemporaryStream:
        self.target.seek(0)
        return self

    async def __anext__(self) -> bytes:
        piece = await asyncio.to_thread(self.target.read, PIECE)
        if not piece:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        """Safe to call twice."""
        with _lock:
            if self.target.closed:
                return
            _open.subtract([self._person])
            if not _open[self._person]:
                del _open[self._person]
        self.target.close()
