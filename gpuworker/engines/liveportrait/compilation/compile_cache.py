"""Cache of compiled nets for the next worker: a file beside the weights, usually on a volume.

torch packs everything that it compiled into one piece of bytes; a worker that starts unpacks it and has
its runner in seconds. It is one file, because the compiler's own folders are hundreds of small files with
locks, which a network volume bears badly; they stay on the machine's own disk. The file is named after
the version of torch and the GPU and begins with the SHA-256 of the rest. It is a program: a user who
can write it decides what the worker runs. So it is read only when it belongs to this user or to root and
no other may write to it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

import torch

log = logging.getLogger(__name__)

FOLDER = "compiled"
"""Name of the file beside the weights."""
DIGEST = 32
"""Bytes of a SHA-256."""


class CompileCache:
    """path: the file. Nothing here raises: without a cache everything is compiled again, and that is all."""

    def __init__(self, weights: Path, device: torch.device) -> None:
        where = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        name = re.sub(r"[^A-Za-z0-9.+-]+", "-", f"torch-{torch.__version__}-{where}")
        self.path = weights / FOLDER / f"{name}.cache"
        self._known: set[str] = set()

    def load(self) -> None:
        """Give torch the cached file's content; before the first compilation."""
        try:
            found = torch.compiler.load_cache_artifacts(_read(self.path))
        except FileNotFoundError:
            return
        except Exception as error:  # what another version wrote may fail in any way
            log.warning("%s is not used: %s", self.path, error, exc_info=not isinstance(error, OSError | ValueError))
            return
        if found is None:
            log.warning("%s is not used: torch cannot read it", self.path)
            return
        self._known = _keys(found)
        log.info("%s, compiled by an earlier worker, is used", self.path)

    def save(self) -> None:
        """Keep what torch compiled, unless all of it was loaded."""
        made = torch.compiler.save_cache_artifacts()
        if made is None or _keys(made[1]) <= self._known:
            return
        try:
            _write(self.path, made[0])
        except OSError as error:
            log.warning("what is compiled cannot be kept for the next worker: %s", error)
            return
        log.info("%s keeps what is compiled, %d bytes", self.path, len(made[0]))

    def forget(self) -> None:
        """Remove the file: something went wrong with what is in it, perhaps because of it."""
        with suppress(OSError):  # it is not there, or the folder cannot be written
            self.path.unlink()


def _keys(info: object) -> set[str]:
    """The names of what is in a piece of bytes, as torch tells them."""
    by_kind: dict[str, list[str]] = getattr(info, "artifacts", {})
    return {key for keys in by_kind.values() for key in keys}


def _read(path: Path) -> bytes:
    """Raises OSError, and ValueError for a file that is not whole."""
    with path.open("rb") as file:
        state = os.fstat(file.fileno())
        if state.st_uid not in (0, os.getuid()) or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError("others may write to it")
        digest, content = file.read(DIGEST), file.read()
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("it is not whole")
    return content


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also when two workers write at once. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(part, path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise
