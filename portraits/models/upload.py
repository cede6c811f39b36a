"""A photo that passed the gate and waits for its owner to choose face and crop."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from portraits.models.user import User

KEPT = timedelta(hours=1)
"""How long a photo waits for its owner's choice."""


class UploadQuerySet(models.QuerySet["Upload"]):
    def waiting(self, owner: User) -> UploadQuerySet:
        """Those of this person that can still become a portrait."""
        return self.filter(owner=owner, stored=True, created_at__gt=timezone.now() - KEPT)

    def stale(self) -> UploadQuerySet:
        """Those nobody can choose any more, and those whose process died while it stored them."""
        now = timezone.now()
        died = models.Q(stored=False, created_at__lt=now - timedelta(minutes=5))
        return self.filter(models.Q(created_at__lte=now - KEPT) | died)


class Upload(models.Model):
    """Its id is the form's nonce: a portrait made from it carries the same id, so there is at most one.

    findings: what the gate said of each face (portraits.uploads), JSON.
    stored: both files are in storage. The row comes first, so that no file is ever without one.
    """

    LONG_AGO: ClassVar[datetime] = datetime(2000, 1, 1, tzinfo=UTC)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    created_at = models.DateTimeField(default=timezone.now)
    consent_at = models.DateTimeField()
    stored = models.BooleanField(default=False)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    photo_sha256 = models.CharField(max_length=64)
    photo_size = models.PositiveIntegerField()
    thumbnail_sha256 = models.CharField(max_length=64)
    original_sha256 = models.CharField(max_length=64)
    findings: models.JSONField[Any, Any] = models.JSONField(default=list)

    objects = UploadQuerySet.as_manager()

    def __str__(self) -> str:
        return f"upload {self.pk}"

    def mark_stored(self) -> bool:
        """Both files are there. False when the row was removed in the meantime."""
        won = Upload.objects.filter(pk=self.pk, stored=False).update(stored=True) == 1
        self.stored = self.stored or won
        return won
