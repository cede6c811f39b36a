"""PostgreSQL's `lock_timeout` on every connection: a request that waits longer for a row is answered with 503."""

from __future__ import annotations

import weakref
from typing import Any

from django.db.backends.signals import connection_created

SECONDS = 10
"""Longest wait for a row, seconds, as for a connection of the pool; SQLite's own limit is in settings.DATABASES."""

_set: weakref.WeakSet[Any] = weakref.WeakSet()


def set_lock_timeout(connection: Any, **ignored: Any) -> None:
    """Receiver of `connection_created`, which Django sends at each use of a pooled connection: once for each.

    Not by a startup parameter, because PgBouncer refuses those.
    """
    if connection.vendor == "postgresql" and connection.connection not in _set:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{SECONDS}s'")
        _set.add(connection.connection)


def start() -> None:
    """Connect the receiver; called once, by the app's `ready`."""
    connection_created.connect(set_lock_timeout)
