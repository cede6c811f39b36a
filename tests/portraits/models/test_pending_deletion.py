"""Pending deletions: when no process can put a file back any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portraits.models import PendingDeletion
from portraits.models.render import LEASE


@pytest.mark.parametrize(("seconds", "settled"), [(0, False), (59, False), (61, True)])
def test_a_pending_deletion_settles_after_a_minute(seconds: int, settled: bool) -> None:
    assert PendingDeletion(prefix="x/", created_at=timezone.now() - timedelta(seconds=seconds)).settled is settled


def test_a_late_process_has_noticed_by_then() -> None:
    """Its lease has run out and been renewed in vain."""
    assert timedelta(seconds=60) > 2 * LEASE


def test_several_are_written_at_once(db: None) -> None:
    PendingDeletion.create_for("a/", "b/")
    assert sorted(PendingDeletion.objects.values_list("prefix", flat=True)) == ["a/", "b/"]
    PendingDeletion.objects.all().delete()
