"""Costs of GPUs: the time for which each machine was rented, and the share of each attempt at a render."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class Rental(models.Model):
    """Row of a gpuworker.fleet.ledger.Rental: one machine, from its start to its end."""

    machine = models.CharField(max_length=100)
    """Name of the machine with its provider."""
    source = models.CharField(max_length=20)
    """Provider: one of Render.Source."""
    gpu = models.CharField(max_length=100, blank=True)
    """Model of the GPU, in the provider's words."""
    hourly = models.FloatField()
    """Price of an hour, US dollars."""
    began = models.FloatField()
    """Start, seconds since the epoch."""
    ended = models.FloatField(null=True, blank=True)
    """End, seconds since the epoch; None while it runs."""
    seen = models.FloatField(null=True, blank=True)
    """Time at which it was last known to run, seconds since the epoch."""

    class Meta:
        ordering = ("-began", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["machine"], condition=Q(ended=None), name="one_open_rental_per_machine"),
        )
        indexes = (models.Index(fields=["ended"], name="rental_ended"),)

    def __str__(self) -> str:
        return f"{self.machine} at ${self.hourly:.2f} an hour"


class Bill(models.Model):
    """Row of a gpuworker.fleet.ledger.Bill: the cost of one attempt, kept when its render is deleted."""

    render = models.UUIDField()
    """Primary key of the render."""
    attempt = models.PositiveSmallIntegerField()
    """Number of the attempt, as Render.attempt."""
    source = models.CharField(max_length=20)
    """Provider: one of Render.Source."""
    machine = models.CharField(max_length=100)
    """Name of the machine with its provider."""
    gpu = models.CharField(max_length=100, blank=True)
    """Model of the GPU, in the provider's words."""
    seconds = models.FloatField()
    """Time that the attempt took, seconds."""
    cost = models.FloatField()
    """Price of that time, US dollars."""
    outcome = models.CharField(max_length=40)
    """End of the attempt: one word or an error's code."""
    phases: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """Seconds of each phase, by its name."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["render", "attempt"], name="one_bill_per_attempt"),)

    def __str__(self) -> str:
        return f"${self.cost:.4f} for attempt {self.attempt} at {self.render}"
