"""Files that are to vanish from storage: noted with the rows that owned them, erased by the sweeper until it holds."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

SETTLING = timedelta(seconds=60)
"""A process that was overtaken may put one more file; after this long it has noticed."""


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def in_turn(self) -> ErasureQuerySet:
        """Erasures never tried come first, then those tried longest ago: one that fails keeps no other waiting."""
        return self.order_by(models.F("tried_at").asc(nulls_first=True), "pk")


class Erasure(models.Model):
    """Everything below `prefix` (or the one file of that name) is to be gone.

    portrait_id: primary key of the portrait whose files they were, which may be gone itself; None where there was
    none. tried_at: the last attempt.
    """

    prefix = models.CharField(max_length=200)
    portrait_id = models.UUIDField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)

    objects = ErasureQuerySet.as_manager()

    def __str__(self) -> str:
        return f"erasure of {self.prefix}"

    @staticmethod
    def of(*prefixes: str, portrait_id: uuid.UUID | None = None) -> list[Erasure]:
        """Erasures of these prefixes, created in the same transaction as the rows' own deletion."""
        return Erasure.objects.bulk_create([Erasure(prefix=prefix, portrait_id=portrait_id) for prefix in prefixes])

    def note_try(self) -> None:
        """It is attempted now; others are next."""
        Erasure.objects.filter(pk=self.pk).update(tried_at=timezone.now())

    @property
    def settled(self) -> bool:
        """Whether no process can put anything there any more."""
        return timezone.now() - self.created_at > SETTLING
