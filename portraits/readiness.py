"""Check whether this process can do its work: its parts are asked, briefly and not for every question."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dramatiq
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import connection, transaction
from dramatiq.brokers.stub import StubBroker

from portraits.files import storage
from portraits.models import Erasure
from portraits.uploads import validation

log = logging.getLogger(__name__)

KEPT_SECONDS = 3.0
"""How long an answer holds: anybody may ask, and each time costs the others something."""
PATIENCE = 2.0
"""Seconds for everything together; whatever has not answered by then does not answer."""

ROOM = 200 << 20
"""Bytes that must be free on each disk: a few uploads of 25 MB, and what two renders make, 60 MB each."""
PROBE_BYTES = 4096
SENTENCES = {"disk": "the disk is full or cannot be written", "decoders": "the decoders of photos do not start"}
"""Sentences for parts of which it is not enough to say that they do not answer."""


class DiskFull(OSError):
    """Less than ROOM is free."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ENOSPC, reason)


class Readiness:
    """checks: by the name of a part, what raises when the part does not answer."""

    def __init__(self, checks: dict[str, Callable[[], None]]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._silent: list[str] = []
        self._until = 0.0

    def silent(self) -> list[str]:
        """Names of the parts that do not answer."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._silent = self._asked()
                self._until = time.monotonic() + KEPT_SECONDS
            return list(self._silent)

    def forget(self) -> None:
        """Ask anew the next time."""
        self._until = 0.0

    def _asked(self) -> list[str]:
        answered: set[str] = set()
        threads = [
            threading.Thread(target=self._ask, args=(name, check, answered), name=f"ready-{name}", daemon=True)
            for name, check in self._checks.items()
        ]
        end = time.monotonic() + PATIENCE
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return [name for name in self._checks if name not in answered]

    @staticmethod
    def _ask(name: str, check: Callable[[], None], answered: set[str]) -> None:
        try:
            check()
        except Exception as error:  # noqa: BLE001  each part has its own kinds; all say that it does not answer
            log.warning("the %s does not answer: %s", name, error)
        else:
            answered.add(name)
        finally:
            connection.close()  # of this thread


def sentence(part: str) -> str:
    """Sentence about the fault of a silent part, for the operator."""
    return SENTENCES.get(part, f"the {part} does not answer")


def demand_room() -> None:
    """Before something large is begun: what is left is for the database, and for what goes on.

    Raises DiskFull, and StorageUnavailable when a folder is missing.
    """
    for folder in _folders():
        try:
            free = shutil.disk_usage(folder).free
        except FileNotFoundError as error:
            raise storage.StorageUnavailable(f"the folder {folder} is not there") from error
        if free < ROOM:
            raise DiskFull(f"{folder} has {free >> 20} MB left, and needs {ROOM >> 20}")


def _database() -> None:
    """It can be written: neither locked by a process that does not let go, nor a copy that is only read."""
    with transaction.atomic():
        Erasure.objects.filter(pk=0).update(prefix="")


def _queue() -> None:
    """Redis, where the queue lies there."""
    broker = dramatiq.get_broker()
    if not isinstance(broker, StubBroker):
        broker.client.ping()  # type: ignore[attr-defined]


def _files() -> None:
    """Their folder is there, or their bucket answers whether it has something."""
    storage.private().exists("readiness")


def _disk() -> None:
    """Every folder that this process writes to has room, and takes a file."""
    demand_room()
    for folder in _folders():
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(os.urandom(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())


def _folders() -> set[Path]:
    """Folders of uploads and renders on their way, and of the stored files and the database where these are local."""
    folders = {Path(settings.SCRATCH_DIR)}
    backend = storage.private()
    if isinstance(backend, FileSystemStorage):
        folders.add(Path(backend.location))
    if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]
        folders.add(Path(connection.settings_dict["NAME"]).parent)
    return folders


parts = Readiness(
    {"database": _database, "queue": _queue, "files": _files, "disk": _disk, "decoders": validation.check}
)
"""Parts on which this site depends."""
