"""Charge for a render: reserved with it, then charged once or released."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class ChargeQuerySet(models.QuerySet["Charge"]):
    """Transitions. Each returns the number of rows changed: 0 when it had happened before."""

    def charge(self) -> int:
        return self._move(Charge.State.RESERVED, Charge.State.CHARGED)

    def release(self) -> int:
        return self._move(Charge.State.RESERVED, Charge.State.RELEASED)

    def reserve(self) -> int:
        """Reserve again, for another try."""
        return self._move(Charge.State.RELEASED, Charge.State.RESERVED)

    def _move(self, before: Charge.State, after: Charge.State) -> int:
        return self.filter(state=before).update(state=after, changed_at=timezone.now())


class Charge(models.Model):
    """Charge for one render, whatever happens to it."""

    class State(models.TextChoices):
        RESERVED = "reserved", "Reserved"
        CHARGED = "charged", "Charged"
        RELEASED = "released", "Released"

    render = models.OneToOneField("Render", on_delete=models.CASCADE, related_name="charge")
    """Render that is charged for."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.RESERVED)
    """Changed by ChargeQuerySet alone."""
    changed_at = models.DateTimeField(default=timezone.now)
    """Time of the last transition."""

    objects = ChargeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.state} for {self.render_id}"
