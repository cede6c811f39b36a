"""Reports by visitors that a portrait should not be there."""

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
    """Report about one portrait, open until a moderator closes it."""

    TEXT_LENGTH = 2000
    """Longest text, characters."""

    class Reason(models.TextChoices):
        CONSENT = "consent", "It shows me or somebody else without consent"
        ABUSE = "abuse", "It is hateful, sexual or violent"
        CHILD = "child", "It harms a child"
        RIGHTS = "rights", "It infringes somebody's rights"
        OTHER = "other", "Something else"

    portrait = models.ForeignKey(Portrait, on_delete=models.CASCADE, related_name="reports")
    """Portrait that is reported."""
    reason = models.CharField(max_length=10, choices=Reason.choices)
    """Reason that the visitor chose."""
    text = models.TextField(max_length=TEXT_LENGTH, blank=True)
    """Visitor's own words."""
    email = models.EmailField(blank=True)
    """Visitor's address for an answer."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time of the report."""
    closed_at = models.DateTimeField(null=True, blank=True)
    """Time at which it was closed; None while it is open."""
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """Moderator who closed it."""

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.created_at:%Y-%m-%d})"

    def close(self, by: object) -> bool:
        """Close it. Whether this call did it."""
        won = Report.objects.filter(pk=self.pk, closed_at=None).update(closed_at=timezone.now(), closed_by=by)
        self.refresh_from_db(fields=["closed_at", "closed_by"])
        return won == 1
