"""What moderators and operators did, for good: rows are only ever added."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

REASON_LENGTH = 300
"""Characters of the reason that a moderator gives."""


class UnchangeableError(TypeError):
    """Somebody tried to rewrite the audit log."""


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **values: Any) -> NoReturn:
        raise UnchangeableError("The audit log cannot be changed.")

    def delete(self) -> NoReturn:
        raise UnchangeableError("The audit log cannot be changed.")


class AuditEntry(models.Model):
    """actor_email stays when the account does not. target: what it was done to, in words with an id."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    actor_email = models.CharField(max_length=254)
    action = models.CharField(max_length=30)
    target = models.CharField(max_length=200)
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

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
