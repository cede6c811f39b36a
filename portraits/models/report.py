"""Report that a portrait should not be there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from portraits.models.portrait import Portrait


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> ReportQuerySet:
        """Reports that are not closed."""
        return self.filter(closed_at=None)


class Report(models.Model):
    TEXT_LENGTH = 2000
    """Characters."""

    class Reason(models.TextChoices):
        CONSENT = "consent", "It shows me or somebody else without consent"
        ABUSE = "abuse", "It is hateful, sexual or violent"
        CHILD = "child", "It harms a child"
        RIGHTS = "rights", "It infringes somebody's rights"
        OTHER = "other", "Something else"

    portrait = models.ForeignKey(Portrait, on_delete=models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    text = models.TextField(max_length=TEXT_LENGTH, blank=True)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.created_at:%Y-%m-%d})"

    def close(self, by: object) -> bool:
        """Whether this call did it."""
        won = Report.objects.filter(pk=self.pk, closed_at=None).update(closed_at=timezone.now(), closed_by=by)
        self.refresh_from_db(fields=["closed_at", "closed_by"])
        return won == 1
