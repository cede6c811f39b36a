"""A site whose GPU source is a pod of the fake provider, on real time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from pytest_django import Settings

from gpuworker.clock import SYSTEM
from portraits.rendering import workers
from tests.runpod.fake import KEY, FakeRunPod, Timing
from tests.runpod.machines import PaperMachines
from tests.runpod.served import ServedRunPod


@contextmanager
def rented(settings: Settings) -> Iterator[FakeRunPod]:
    timing = Timing(provisioning=0.1, starting=0.1, silent=0.1)
    served = ServedRunPod(FakeRunPod(SYSTEM, PaperMachines(SYSTEM), timing=timing, quota=None))
    settings.GPU_SOURCE = "runpod-pod"
    settings.RUNPOD_API_KEY = KEY
    settings.RUNPOD_IMAGE = "registry.example.org/gaze-worker:1"
    settings.RUNPOD_REST_URL = served.rest
    settings.RUNPOD_SERVERLESS_URL = served.serverless
    settings.RUNPOD_PROXY_URL = served.proxy
    connection_created.connect(_lock_no_table_to_read)
    _lock_no_table_to_read(connection)
    try:
        yield served.fake
    finally:
        connection_created.disconnect(_lock_no_table_to_read)
        workers.close()
        served.close()


def _lock_no_table_to_read(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Let the ledger be read while a thread writes it: SQLite in memory fails whoever comes second.

    A database in a file, and PostgreSQL, need no such thing.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA read_uncommitted = true")
