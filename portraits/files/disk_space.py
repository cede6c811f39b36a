"""Free space on the disks that this process writes to."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import connection

from portraits.files import storage

MIN_FREE_BYTES = 200 << 20
"""Bytes that must be free on each disk: a few uploads of 25 MB, and the files of two renders, 60 MB each."""


class DiskFull(OSError):
    """Less than MIN_FREE_BYTES are free."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ENOSPC, reason)


def require_free_space() -> None:
    """Check before something large is begun, so that the database and running work keep the rest.

    Raises DiskFull, and StorageUnavailable when a folder is missing.
    """
    for folder in local_folders():
        try:
            free = shutil.disk_usage(folder).free
        except FileNotFoundError as error:
            raise storage.StorageUnavailable(f"the folder {folder} is not there") from error
        if free < MIN_FREE_BYTES:
            raise DiskFull(f"{folder} has {free >> 20} MB left, and needs {MIN_FREE_BYTES >> 20}")


def local_folders() -> set[Path]:
    """Folders of temporary files, and of the stored files and the database where these are local."""
    folders = {Path(settings.SCRATCH_DIR)}
    backend = storage.private()
    if isinstance(backend, FileSystemStorage):
        folders.add(Path(backend.location))
    if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]
        folders.add(Path(connection.settings_dict["NAME"]).parent)
    return folders
