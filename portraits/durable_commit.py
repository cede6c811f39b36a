"""Durable commits: rows that survive a power cut, before anything outside the database follows them."""

from __future__ import annotations

from django.db import connection


def sync_commits() -> None:
    """Write every commit so far to disk.

    SQLite, as it is set up here (WAL, synchronous=NORMAL), syncs its log at a checkpoint only: after a power cut the
    last commits may be missing. PostgreSQL syncs each commit. Does nothing inside a transaction, which is not
    committed yet.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
