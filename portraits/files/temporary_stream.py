"""Stream of a large response from an unnamed temporary file, which disappears when it is closed."""

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
"""Open streams of one person in this process: each takes some 15 MB of disk for as long as its client reads."""

_lock = threading.Lock()
_open: Counter[object] = Counter()


class TooManyDownloads(Exception):
    """The person has MAX_PER_PERSON open streams."""


class TemporaryStream:
    """Asynchronous iterator over an unnamed temporary file, for StreamingHttpResponse, which also closes it.

    Write to `target` first. The file is read in a thread, so that a slow disk does not block the server's event loop.
    The system deletes it when the process ends, however that happens.
    """

    def __init__(self, folder: Path, person: object) -> None:
        """person: identity for which open streams are counted. Raises TooManyDownloads, OSError."""
        self._person = person
        with _lock:
            if _open[person] >= MAX_PER_PERSON:
                raise TooManyDownloads
            self.target: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed with the answer
            _open[person] += 1

    def size(self) -> int:
        """Number of bytes written."""
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
        """Close and delete the file. Safe to call twice."""
        with _lock:
            if self.target.closed:
                return
            _open.subtract([self._person])
            if not _open[self._person]:
                del _open[self._person]
        self.target.close()
