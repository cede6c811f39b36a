"""How often compiling was tried on this machine and came to no good end, noted down where a crash leaves it.

A compiler, or the graphics driver beneath it, may end the whole process. Whoever starts the next one
must not walk into the same wall for ever, so a try is counted before it begins and forgotten when it succeeds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST = 2
"""A process may also have been ended by somebody else while it compiled."""


class TooManyAttempts(RuntimeError):
    """Earlier processes failed, or ended, while they compiled."""


class CompileAttempts:
    """path: the file with the count; by default in the temporary folder, where a new container has nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path(tempfile.gettempdir()) / f"gaze-compile-attempts-{os.getuid()}"

    @contextmanager
    def counted(self) -> Iterator[None]:
        """One try. Raises TooManyAttempts instead of beginning another, OSError where it cannot be noted down."""
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
