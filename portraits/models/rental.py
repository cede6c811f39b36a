"""What GPUs have cost: stretches of time that were paid for, and what each attempt took of them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class Rental(models.Model):
    """As gpuworker.fleet.ledger.Rental; times are seconds since the epoch, `hourly` US dollars."""

    machine = models.CharField(max_length=100)
    source = models.CharField(max_length=20)
    gpu = models.CharField(max_length=100, blank=True)
    hourly = models.FloatField()
    began = models.FloatField()
    ended = models.FloatField(null=True, blank=True)
    seen = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ("-began", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["machine"], condition=Q(ended=None), name="one_open_rental_per_machine"),
        )
        indexes = (models.Index(fields=["ended"], name="rental_ended"),)

    def __str__(self) -> str:
        return f"{self.machine} at ${self.hourly:.2f} an hour"


class Bill(models.Model):
    """As gpuworker.fleet.ledger.Bill: one for each attempt at each render, kept when the render is not."""

    render = models.UUIDField()
    attempt = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=20)
    machine = models.CharField(max_length=100)
    gpu = models.CharField(max_length=100, blank=True)
    seconds = models.FloatField()
    cost = models.FloatField()
    outcome = models.CharField(max_length=40)
    phases: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["render", "attempt"], name="one_bill_per_attempt"),)

    def __str__(self) -> str:
        return f"${self.cost:.4f} for attempt {self.attempt} at {self.render}"
