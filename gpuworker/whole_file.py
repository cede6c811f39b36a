"""Files that appear whole or not at all, so that no reader ever sees a half."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gpuworker.errors import OutputFailed


def part_of(path: Path) -> Path:
    """The temporary path of the bytes until the file is whole."""
    return path.with_name(f".{path.name}.part")


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """The file appears with all of `data` or not at all. Raises OutputFailed."""
    part = part_of(path)
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):  # the first error is the one to tell
            part.unlink(missing_ok=True)
        raise OutputFailed(details={"file": path.name, "reason": error.strerror or str(error)}) from error


def make_folder(path: Path) -> None:
    """The folder and its parents, unless they are there. Raises OutputFailed."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(details={"file": path.name, "reason": error.strerror or str(error)}) from error
