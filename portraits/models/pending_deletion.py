"""Outbox of files to delete from storage: written with the deletion of their rows, emptied by the sweeper."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

SETTLING = timedelta(seconds=60)
"""Time after which a process that was overtaken has noticed; until then it may put one more file."""


class PendingDeletionQuerySet(models.QuerySet["PendingDeletion"]):
    def least_recently_tried_first(self) -> PendingDeletionQuerySet:
        """Never tried ones first, then those tried longest ago: one that fails keeps no other waiting."""
        return self.order_by(models.F("tried_at").asc(nulls_first=True), "pk")


class PendingDeletion(models.Model):
    """Everything below one prefix of storage, or the one file of that name, that is to be deleted."""

    prefix = models.CharField(max_length=200)
    """Key of a file, or the beginning of keys with a slash at its end."""
    portrait_id = models.UUIDField(null=True, blank=True, db_index=True)
    """Primary key of the portrait whose files they were, which may be deleted itself; None where there was none."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time of the deletion of the rows."""
    tried_at = models.DateTimeField(null=True, blank=True)
    """Time of the last attempt; None before the first."""

    objects = PendingDeletionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"deletion of {self.prefix}"

    @staticmethod
    def create_for(*prefixes: str, portrait_id: uuid.UUID | None = None) -> list[PendingDeletion]:
        """New rows, one a prefix; to be called in the transaction that deletes the rows that own the files."""
        rows = [PendingDeletion(prefix=prefix, portrait_id=portrait_id) for prefix in prefixes]
        return PendingDeletion.objects.bulk_create(rows)

    def mark_tried(self) -> None:
        """Note an attempt, so that others are next."""
        PendingDeletion.objects.filter(pk=self.pk).update(tried_at=timezone.now())

    @property
    def settled(self) -> bool:
        """Whether no process can put anything there any more."""
        return timezone.now() - self.created_at > SETTLING
