"""Count of the attempts to compile that failed on this machine, kept in a file that survives a crash.

A compiler, or the graphics driver beneath it, may end the whole process. Its successor
must not fail in the same way for ever, so an attempt is counted before it begins and forgotten when it succeeds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST = 2
"""Failed attempts allowed; a process may also have been ended from outside while it compiled."""


class TooManyAttempts(RuntimeError):
    """Error: earlier processes failed, or ended, while they compiled."""


class CompileAttempts:
    """Counter of failed attempts. path: its file, by default in the temporary folder, empty in a new container."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path(tempfile.gettempdir()) / f"gaze-compile-attempts-{os.getuid()}"

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Context of an attempt. Raises TooManyAttempts instead of one too many, OSError where it is not counted."""
        attempts = self._read()
        if attempts >= MOST:
            raise TooManyAttempts(f"it failed {attempts} times here; remove {self._path} to try again")
        self._path.write_text(str(attempts + 1))
        yield
        self._path.unlink(missing_ok=True)

    def _read(self) -> int:
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return 0
        return int(text) if text.isdigit() else MOST
