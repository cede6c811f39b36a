"""A large answer on its way out: on disk and not in memory, without a name, gone when it is closed."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import IO

PIECE = 1 << 18
"""Bytes that are in memory at a time."""


class PassingFile:
    """Write to `target`, then hand this to StreamingHttpResponse, which reads it piece by piece and closes it.

    It is read in a thread, so that a slow disk holds up nobody else on the server's loop. What is
    written is gone with the process, however that ends.
    """

    def __init__(self, folder: Path) -> None:
        self.target: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed with the answer

    def size(self) -> int:
        """Bytes written."""
        self.target.flush()
        return os.fstat(self.target.fileno()).st_size

    def __aiter__(self) -> PassingFile:
        self.target.seek(0)
        return self

    async def __anext__(self) -> bytes:
        piece = await asyncio.to_thread(self.target.read, PIECE)
        if not piece:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        self.target.close()
