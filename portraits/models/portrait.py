"""A person's picture that can look around: the photo, the face in it, and what moderators think of it."""

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
        """A person's own; everybody else's are not there for them."""
        return self.filter(owner=user).unexpired()

    def shown(self) -> PortraitQuerySet:
        """Those that may be seen through a share link."""
        return self.filter(moderation=Portrait.Moderation.VISIBLE, owner__is_active=True).unexpired()

    def unexpired(self) -> PortraitQuerySet:
        """Those whose time is not over; the others are gone for everybody, even before they are deleted."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now()))

    def expired(self) -> PortraitQuerySet:
        return self.filter(expires_at__lte=timezone.now())


class Portrait(models.Model):
    """The photo lies in storage below this id (portraits.files.storage): upright, sRGB, without metadata.

    framing: "auto", "whole" or a crop in the photo's pixels; face: index as gpuworker.vision.faces counts.
    expires_at: when it is deleted by itself; None keeps it.
    """

    TITLE_LENGTH = 80
    """Characters."""

    class Moderation(models.TextChoices):
        VISIBLE = "visible", "Visible"
        HIDDEN = "hidden", "Hidden"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portraits")
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    consent_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    photo_sha256 = models.CharField(max_length=64)
    thumbnail_sha256 = models.CharField(max_length=64)
    original_sha256 = models.CharField(max_length=64)
    face = models.PositiveSmallIntegerField()
    face_box: models.JSONField[Any, Any] = models.JSONField()
    framing_json: models.JSONField[Any, Any] = models.JSONField(default=dict)
    advice: models.JSONField[Any, Any] = models.JSONField(default=list)
    moderation = models.CharField(max_length=10, choices=Moderation.choices, default=Moderation.VISIBLE)
    moderation_reason = models.CharField(max_length=REASON_LENGTH, blank=True)

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
        """Framing in the form that a render wants."""
        kind = self.framing_json.get("kind", "auto")
        if kind == "crop":
            return Box(*(float(self.framing_json[side]) for side in ("x", "y", "width", "height")))
        return "whole" if kind == "whole" else "auto"

    @property
    def hidden(self) -> bool:
        return self.moderation == self.Moderation.HIDDEN

    @property
    def current_session(self) -> Session | None:
        """The newest run that shows something, else the newest run."""
        runs = list(self.sessions.select_related("shown", "portrait").prefetch_related("renders"))
        return next((run for run in runs if run.shown_id), runs[0] if runs else None)

    def rename(self, title: str) -> None:
        """An empty title gives it back to the date."""
        Portrait.objects.filter(pk=self.pk).update(title=title)
        self.title = title

    def hide(self, reason: str) -> bool:
        """Takes it out of sight for everybody but its owner. Whether this call did it."""
        return self._moderate(self.Moderation.VISIBLE, self.Moderation.HIDDEN, reason)

    def restore(self) -> bool:
        """Makes it visible again. Whether this call did it."""
        return self._moderate(self.Moderation.HIDDEN, self.Moderation.VISIBLE, "")

    def _moderate(self, before: Moderation, after: Moderation, reason: str) -> bool:
        rows = Portrait.objects.filter(pk=self.pk, moderation=before)
        won = rows.update(moderation=after, moderation_reason=reason[:300]) == 1
        self.refresh_from_db(fields=["moderation", "moderation_reason"])
        return won
