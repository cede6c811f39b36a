"""What is to vanish from storage: written with the rows that owned it, done by the sweeper until it holds."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

SETTLING = timedelta(seconds=60)
"""A process that was overtaken may put one more file; after this long it has noticed."""


class Erasure(models.Model):
    """Everything below `prefix` (or the one file of that name) is to be gone."""

    prefix = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"erasure of {self.prefix}"

    @staticmethod
    def of(*prefixes: str) -> None:
        """In the same transaction as the rows' own deletion."""
        Erasure.objects.bulk_create([Erasure(prefix=prefix) for prefix in prefixes])

    @property
    def settled(self) -> bool:
        """Nobody can put anything there any more."""
        return timezone.now() - self.created_at > SETTLING
