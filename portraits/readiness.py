"""Can this process do its work? What it stands on is asked, briefly and not for every question."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dramatiq
from django.core.files.storage import FileSystemStorage
from django.db import connection
from dramatiq.brokers.stub import StubBroker

from portraits import storage

log = logging.getLogger(__name__)

KEPT_SECONDS = 3.0
"""How long an answer holds: anybody may ask, and each time costs the others something."""
PATIENCE = 2.0
"""Seconds for everything together; whatever has not answered by then does not answer."""


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


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _queue() -> None:
    """Redis, where the queue lies there."""
    broker = dramatiq.get_broker()
    if not isinstance(broker, StubBroker):
        broker.client.ping()  # type: ignore[attr-defined]


def _files() -> None:
    """Local ones can be written; a bucket answers whether it has something."""
    backend = storage.private()
    if not isinstance(backend, FileSystemStorage):
        backend.exists("readiness")
        return
    folder = Path(backend.location)
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} cannot be written")


parts = Readiness({"database": _database, "queue": _queue, "files": _files})
"""What this site stands on."""
