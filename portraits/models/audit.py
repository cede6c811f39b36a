"""Audit log of moderators and operators: rows are only ever added."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

REASON_LENGTH = 300
"""Characters of the reason that a moderator gives."""


class UnchangeableError(TypeError):
    """Attempt to change the audit log."""


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **values: Any) -> NoReturn:
        raise UnchangeableError("The audit log cannot be changed.")

    def delete(self) -> NoReturn:
        raise UnchangeableError("The audit log cannot be changed.")


class AuditEntry(models.Model):
    """One action of one member of staff."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    """User who did it; the row is left as it is when their account is deleted."""
    actor_email = models.CharField(max_length=254)
    """Their address at that time, which stays when the account does not."""
    action = models.CharField(max_length=30)
    """One word, such as "hide"."""
    target = models.CharField(max_length=200)
    """Row that it was done to, in words with an id."""
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    """Reason that they gave."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time of the action."""

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = (models.Index(fields=["actor", "-created_at"], name="audit_actor_newest"),)

    def __str__(self) -> str:
        return f"{self.actor_email}: {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise UnchangeableError("The audit log cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnchangeableError("The audit log cannot be changed.")
