"""Readiness check: asks each dependency of this process, within a time limit, and caches the answers briefly."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable

import dramatiq
from django.db import connection, transaction
from dramatiq.brokers.stub import StubBroker

from portraits.files import disk_space, storage
from portraits.models import PendingDeletion
from portraits.uploads import validation

log = logging.getLogger(__name__)

CACHE_SECONDS = 3.0
"""Lifetime of an answer: anybody may ask, and each check costs the dependencies something."""
TIMEOUT = 2.0
"""Seconds for all checks together; a dependency that has not answered by then counts as failing."""
PROBE_BYTES = 4096
"""Bytes that are written to each disk."""
SENTENCES = {"disk": "the disk is full or cannot be written", "decoders": "the decoders of photos do not start"}
"""Sentences about dependencies for which "does not answer" would say too little."""


class Readiness:
    """Set of checks with cached results. Thread-safe."""

    def __init__(self, checks: dict[str, Callable[[], None]]) -> None:
        """checks: by the dependency's name, a function that raises when the dependency fails."""
        self._checks = checks
        self._lock = threading.Lock()
        self._failing: list[str] = []
        self._until = 0.0

    def failing(self) -> list[str]:
        """Names of the dependencies that fail, at most CACHE_SECONDS old."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._failing = self._run_checks()
                self._until = time.monotonic() + CACHE_SECONDS
            return list(self._failing)

    def clear_cache(self) -> None:
        """Run the checks anew the next time."""
        self._until = 0.0

    def _run_checks(self) -> list[str]:
        passed: set[str] = set()
        threads = [
            threading.Thread(target=self._run, args=(name, check, passed), name=f"ready-{name}", daemon=True)
            for name, check in self._checks.items()
        ]
        end = time.monotonic() + TIMEOUT
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return [name for name in self._checks if name not in passed]

    @staticmethod
    def _run(name: str, check: Callable[[], None], passed: set[str]) -> None:
        try:
            check()
        except Exception as error:  # noqa: BLE001  each check has its own errors; all mean that it fails
            log.warning("the %s does not answer: %s", name, error)
        else:
            passed.add(name)
        finally:
            connection.close()  # of this thread


def sentence(dependency: str) -> str:
    """Sentence about a failing dependency, for the operator."""
    return SENTENCES.get(dependency, f"the {dependency} does not answer")


def _check_database() -> None:
    """Write to the database: it is neither locked nor read-only."""
    with transaction.atomic():
        PendingDeletion.objects.filter(pk=0).update(prefix="")


def _check_queue() -> None:
    """Ping Redis, where the queue lies there."""
    broker = dramatiq.get_broker()
    if not isinstance(broker, StubBroker):
        broker.client.ping()  # type: ignore[attr-defined]


def _check_files() -> None:
    """Ask the storage, a folder or a bucket, whether it has a file."""
    storage.private().exists("readiness")


def _check_disk() -> None:
    """Write a temporary file to each folder that this process writes to, if it has free space."""
    disk_space.require_free_space()
    for folder in disk_space.local_folders():
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(os.urandom(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())


dependencies = Readiness(
    {
        "database": _check_database,
        "queue": _check_queue,
        "files": _check_files,
        "disk": _check_disk,
        "decoders": validation.check,
    }
)
"""Dependencies of this site."""
