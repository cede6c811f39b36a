"""Anonymous memory that a few processes share: the quadrant that is being rendered.

Linux: memfd, which leaves nothing behind after a kill and is not bound by the 64 MB that
containers give /dev/shm. Elsewhere a temporary file, removed as soon as everybody has opened it.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType


class SharedMemory:
    """Shared memory, opened once by its maker; others open `path` while it lives.

    `path` is a plain string and may be sent.
    """

    def __init__(self, size: int) -> None:
        if sys.platform == "linux":
            self._descriptor = os.memfd_create("gaze-sheet")
            self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"
        else:
            self._descriptor, self.path = tempfile.mkstemp(prefix="gaze-sheet-")
        os.truncate(self._descriptor, size)

    def close(self) -> None:
        """Give the memory back once the processes that opened it are done with it."""
        os.close(self._descriptor)
        if sys.platform != "linux":
            Path(self.path).unlink(missing_ok=True)

    def __enter__(self) -> SharedMemory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def attach(path: str) -> mmap.mmap:
    """The memory behind another process's `path`, writable by both."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        return mmap.mmap(descriptor, 0)
    finally:
        os.close(descriptor)
