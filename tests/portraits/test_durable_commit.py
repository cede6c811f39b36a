"""Durable commits: rows are on disk before files that they no longer name are gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from portraits import deletion, durable_commit
from portraits.files import storage
from portraits.models import PendingDeletion, Portrait
from tests.portraits import factories

pytestmark = pytest.mark.django_db(transaction=True)
ON_SQLITE = connection.vendor == "sqlite"


def noting(done: list[str]) -> Any:
    def note(execute: Any, sql: str, *rest: Any) -> Any:
        done.extend(word for word in ("wal_checkpoint", 'DELETE FROM "portraits_portrait"') if word in sql)
        return execute(sql, *rest)

    return connection.execute_wrapper(note)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Events of rows, log and files, in their order."""
    found: list[str] = []
    erase = storage.delete

    def erased(prefix: str) -> int:
        found.append("erase")
        return erase(prefix)

    monkeypatch.setattr(storage, "delete", erased)
    return found


def test_a_portraits_files_are_erased_once_its_deletion_survives_a_power_cut(
    transactional_db: None, done: list[str]
) -> None:
    portrait = factories.portrait(factories.user("owner"))
    with noting(done):
        deletion.delete_portrait(Portrait.objects.get(pk=portrait.pk))
    synced = ["wal_checkpoint"] if ON_SQLITE else []
    assert done == ['DELETE FROM "portraits_portrait"', *synced, "erase"]


def test_the_sweeper_erases_what_others_have_committed_once_that_is_on_disk(
    transactional_db: None, done: list[str]
) -> None:
    PendingDeletion.create_for("renders/a/1/")
    with noting(done):
        deletion.delete_pending_files()
    assert done == (["wal_checkpoint", "erase"] if ON_SQLITE else ["erase"])


def test_inside_a_transaction_nothing_is_committed_and_nothing_synced(transactional_db: None, done: list[str]) -> None:
    with noting(done), transaction.atomic():
        durable_commit.sync_commits()
    assert done == []
