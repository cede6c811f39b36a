"""Commits that survive a power cut, for what follows them outside of the database."""

from __future__ import annotations

from django.db import connection


def sync_commits() -> None:
    """All that was committed so far is on disk when this returns.

    SQLite, as it is set up here (WAL, synchronous=NORMAL), syncs its log at a checkpoint only: after a power cut the
    last commits may be missing. PostgreSQL syncs each commit. Does nothing inside a transaction, which is not
    committed yet.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
