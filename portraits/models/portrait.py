"""Portrait: a photo, the face in it, and whether moderators have hidden it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from gpuworker.contract import Box, Framing
from portraits.models.audit import REASON_LENGTH
from portraits.times import day_in_words

if TYPE_CHECKING:
    from portraits.models.session import Session
    from portraits.models.user import User


class PortraitQuerySet(models.QuerySet["Portrait"]):
    def visible_to(self, user: User) -> PortraitQuerySet:
        """Portraits of this user's own; everybody else's are not there for them."""
        return self.filter(owner=user).unexpired()

    def shown(self) -> PortraitQuerySet:
        """Portraits that may be seen through a share link."""
        return self.filter(moderation=Portrait.Moderation.VISIBLE, owner__is_active=True).unexpired()

    def unexpired(self) -> PortraitQuerySet:
        """Portraits whose time is not over; the others are gone for everybody, even before they are deleted."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now()))

    def expired(self) -> PortraitQuerySet:
        return self.filter(expires_at__lte=timezone.now())


class Portrait(models.Model):
    """Photo of a person with one face chosen. It lies in storage below this id (portraits.files.storage)."""

    TITLE_LENGTH = 80
    """Longest title, characters."""

    class Moderation(models.TextChoices):
        VISIBLE = "visible", "Visible"
        HIDDEN = "hidden", "Hidden"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Id of the upload from which it was made."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portraits")
    """User who uploaded it."""
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    """Title that the owner gave; empty shows the date."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time at which the owner chose face and crop."""
    consent_at = models.DateTimeField()
    """Time at which the owner said that the person in it agrees."""
    expires_at = models.DateTimeField(null=True, blank=True)
    """Time at which it is deleted by itself; None keeps it."""
    width = models.PositiveIntegerField()
    """Width of the stored photo (upright, sRGB, without metadata), pixels."""
    height = models.PositiveIntegerField()
    """Height of the stored photo, pixels."""
    photo_sha256 = models.CharField(max_length=64)
    """SHA-256 of the stored photo, hexadecimal."""
    thumbnail_sha256 = models.CharField(max_length=64)
    """SHA-256 of the stored thumbnail, hexadecimal."""
    original_sha256 = models.CharField(max_length=64)
    """SHA-256 of the file that was uploaded, which is not kept, hexadecimal."""
    face = models.PositiveSmallIntegerField()
    """Index of the chosen face, as gpuworker.vision.faces counts."""
    face_box: models.JSONField[Any, Any] = models.JSONField()
    """Box of the chosen face in the photo's pixels: x, y, width, height."""
    framing_json: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """Framing: kind "auto", "whole", or "crop" with x, y, width and height in the photo's pixels."""
    advice: models.JSONField[Any, Any] = models.JSONField(default=list)
    """Sentences for the owner about the photo."""
    moderation = models.CharField(max_length=10, choices=Moderation.choices, default=Moderation.VISIBLE)
    """Changed by hide and restore alone."""
    moderation_reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    """Reason why it is hidden; empty while it is visible."""

    objects = PortraitQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=["owner", "-created_at"], name="portrait_owner_newest"),)

    def __str__(self) -> str:
        return self.title or f"Portrait of {day_in_words(self.created_at)}"

    def get_absolute_url(self) -> str:
        return reverse("portrait", args=[self.pk])

    @property
    def framing(self) -> Framing:
        """Framing as a render request has it."""
        kind = self.framing_json.get("kind", "auto")
        if kind == "crop":
            return Box(*(float(self.framing_json[side]) for side in ("x", "y", "width", "height")))
        return "whole" if kind == "whole" else "auto"

    @property
    def hidden(self) -> bool:
        return self.moderation == self.Moderation.HIDDEN

    @property
    def current_session(self) -> Session | None:
        """Newest session that shows something, else the newest session; None before the first."""
        runs = list(self.sessions.select_related("shown", "portrait").prefetch_related("renders"))
        return next((run for run in runs if run.shown_id), runs[0] if runs else None)

    def rename(self, title: str) -> None:
        """Set the title; an empty one shows the date again."""
        Portrait.objects.filter(pk=self.pk).update(title=title)
        self.title = title

    def hide(self, reason: str) -> bool:
        """Hide it from everybody but its owner. Whether this call did it."""
        return self._moderate(self.Moderation.VISIBLE, self.Moderation.HIDDEN, reason)

    def restore(self) -> bool:
        """Make it visible again. Whether this call did it."""
        return self._moderate(self.Moderation.HIDDEN, self.Moderation.VISIBLE, "")

    def _moderate(self, before: Moderation, after: Moderation, reason: str) -> bool:
        rows = Portrait.objects.filter(pk=self.pk, moderation=before)
        won = rows.update(moderation=after, moderation_reason=reason[:300]) == 1
        self.refresh_from_db(fields=["moderation", "moderation_reason"])
        return won
