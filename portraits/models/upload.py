"""Upload: a photo that was accepted and waits for its owner to choose face and crop."""

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
"""Time for which a photo waits for its owner's choice."""


class UploadQuerySet(models.QuerySet["Upload"]):
    def waiting(self, owner: User) -> UploadQuerySet:
        """Uploads of this user that can still become a portrait."""
        return self.filter(owner=owner, stored=True, created_at__gt=timezone.now() - KEPT)

    def stale(self) -> UploadQuerySet:
        """Uploads that can no longer be chosen, and those whose process died while it stored them."""
        now = timezone.now()
        died = models.Q(stored=False, created_at__lt=now - timedelta(minutes=5))
        return self.filter(models.Q(created_at__lte=now - KEPT) | died)


class Upload(models.Model):
    """Accepted photo. A portrait made from it carries the same id, so that there is at most one."""

    LONG_AGO: ClassVar[datetime] = datetime(2000, 1, 1, tzinfo=UTC)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Id that the portrait made from it takes over."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    """User who uploaded it."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time of the upload."""
    consent_at = models.DateTimeField()
    """Time at which the owner said that the person in it agrees."""
    stored = models.BooleanField(default=False)
    """Whether both files are in storage. The row comes first, so that no file is ever without one."""
    width = models.PositiveIntegerField()
    """Width of the stored photo, pixels."""
    height = models.PositiveIntegerField()
    """Height of the stored photo, pixels."""
    photo_sha256 = models.CharField(max_length=64)
    """SHA-256 of the stored photo, hexadecimal."""
    photo_size = models.PositiveIntegerField()
    """Size of the stored photo, bytes."""
    thumbnail_sha256 = models.CharField(max_length=64)
    """SHA-256 of the stored thumbnail, hexadecimal."""
    original_sha256 = models.CharField(max_length=64)
    """SHA-256 of the file that was uploaded, which is not kept, hexadecimal."""
    face_reports: models.JSONField[Any, Any] = models.JSONField(default=list)
    """Report of each face (portraits.uploads.face_report)."""

    objects = UploadQuerySet.as_manager()

    def __str__(self) -> str:
        return f"upload {self.pk}"

    def add_face(self, report: dict[str, Any]) -> dict[str, Any] | None:
        """Keep a face that was found later; None when the row was deleted in the meantime.

        One that was there before keeps its index, and is usable now even if it was not.
        """
        with transaction.atomic():
            row = Upload.objects.select_for_update().filter(pk=self.pk).first()
            if row is None:
                return None
            box = Box(**report["box"])
            before = next((each for each in row.face_reports if Box(**each["box"]).overlap(box) >= SAME_FACE), None)
            index = len(row.face_reports) if before is None else before["index"]
            kept = {**report, "index": index, "suggested": False}
            self.face_reports = [each for each in row.face_reports if each["index"] != index] + [kept]
            self.face_reports.sort(key=lambda each: each["index"])
            Upload.objects.filter(pk=self.pk).update(face_reports=self.face_reports)
        return kept

    def mark_stored(self) -> bool:
        """Note that both files are in storage. False when the row was deleted in the meantime."""
        won = Upload.objects.filter(pk=self.pk, stored=False).update(stored=True) == 1
        self.stored = self.stored or won
        return won
