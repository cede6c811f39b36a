"""Audit log, case 29: rows cannot be changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from portraits.models import AuditEntry, UnchangeableError, User


@pytest.fixture
def entry(moderator: User) -> AuditEntry:
    return AuditEntry.objects.create(
        actor=moderator, actor_email=moderator.email, action="hide", target="portrait 1", reason="because"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.update(reason="another"),
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
        lambda entry: AuditEntry.objects.all().delete(),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["reason"]),
        lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"reason": "another"}),
    ],
)
def test_case_29_an_entry_stays_as_it_was_written(entry: AuditEntry, change: Callable[[Any], object]) -> None:
    entry.reason = "another"
    with pytest.raises(UnchangeableError), transaction.atomic():
        change(entry)
    assert AuditEntry.objects.get().reason == "because"


def test_the_newest_comes_first(entry: AuditEntry, moderator: User) -> None:
    newer = AuditEntry.objects.create(
        actor=moderator, actor_email=moderator.email, action="restore", target="portrait 1"
    )
    assert list(AuditEntry.objects.all()) == [newer, entry]


def test_it_reads_as_a_sentence(entry: AuditEntry) -> None:
    assert str(entry) == "moderator@example.com: hide portrait 1"
