"""Files that appear whole or not at all, so that no reader ever sees a half."""

from __future__ import annotations

import os
from pathlib import Path

from gpuworker.errors import OutputFailed

PART_SUFFIX = ".part"


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """The file appears with all of `data` or not at all. Raises OutputFailed."""
    part = path.with_name(f".{path.name}{PART_SUFFIX}")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputFailed(details={"file": path.name, "reason": error.strerror or str(error)}) from error
