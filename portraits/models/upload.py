"""A photo that passed the gate and waits for its owner to choose face and crop."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from gpuworker.contract import Box

if TYPE_CHECKING:
    from portraits.models.user import User

SAME_FACE = 0.4
"""Overlap (intersection over union) from which two boxes are of one face."""
KEPT = timedelta(hours=1)
"""How long a photo waits for its owner's choice."""


class UploadQuerySet(models.QuerySet["Upload"]):
    def waiting(self, owner: User) -> UploadQuerySet:
        """Those of this person that can still become a portrait."""
        return self.filter(owner=owner, stored=True, created_at__gt=timezone.now() - KEPT)

    def stale(self) -> UploadQuerySet:
        """Uploads that can no longer be chosen, and those whose process died while it stored them."""
        now = timezone.now()
        died = models.Q(stored=False, created_at__lt=now - timedelta(minutes=5))
        return self.filter(models.Q(created_at__lte=now - KEPT) | died)


class Upload(models.Model):
    """Its id is the form's nonce: a portrait made from it carries the same id, so there is at most one.

    findings: what the gate said of each face (portraits.uploads.validation), JSON.
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

    def add_face(self, finding: dict[str, Any]) -> dict[str, Any] | None:
        """Keep a face that was found later; None when the row was removed in the meantime.

        One that was there before keeps its index, and is usable now even if it was not.
        """
        with transaction.atomic():
            row = Upload.objects.select_for_update().filter(pk=self.pk).first()
            if row is None:
                return None
            box = Box(**finding["box"])
            before = next((each for each in row.findings if Box(**each["box"]).overlap(box) >= SAME_FACE), None)
            index = len(row.findings) if before is None else before["index"]
            kept = {**finding, "index": index, "suggested": False}
            self.findings = [each for each in row.findings if each["index"] != index] + [kept]
            self.findings.sort(key=lambda each: each["index"])
            Upload.objects.filter(pk=self.pk).update(findings=self.findings)
        return kept

    def mark_stored(self) -> bool:
        """Both files are there. False when the row was removed in the meantime."""
        won = Upload.objects.filter(pk=self.pk, stored=False).update(stored=True) == 1
        self.stored = self.stored or won
        return won
