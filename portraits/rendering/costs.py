"""Ledger of the fleet in the database: it outlives every process, and they all share it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Greatest

from gpuworker.fleet import ledger
from portraits.models import Bill, Render, Rental


class DatabaseLedger:
    """Ledger, as in gpuworker.fleet.ledger, on the models Rental and Bill."""

    def begin(self, rental: ledger.Rental) -> bool:
        try:
            with transaction.atomic():
                Rental.objects.create(**asdict(rental))
        except IntegrityError:
            return False
        return True

    def see(self, machine: str, at: float) -> None:
        Rental.objects.filter(machine=machine, ended=None).update(seen=float(at))

    def end(self, machine: str, at: float) -> None:
        Rental.objects.filter(machine=machine, ended=None).update(ended=Greatest(F("began"), float(at)))

    def rentals(self, since: float) -> Sequence[ledger.Rental]:
        rows = Rental.objects.filter(Q(ended=None) | Q(ended__gt=since)).order_by("began", "pk")
        return [
            ledger.Rental(row.machine, row.source, row.gpu, row.hourly, row.began, row.ended, row.seen) for row in rows
        ]

    def bill(self, bill: ledger.Bill) -> None:
        """Write the bill, once an attempt, and add up what the render has cost so far."""
        fields = {**asdict(bill), "phases": dict(bill.phases)}
        render, attempt = fields.pop("job"), fields.pop("attempt")
        with transaction.atomic():
            Bill.objects.get_or_create(render=render, attempt=attempt, defaults=fields)
            total = Bill.objects.filter(render=render).aggregate(sum=Sum("cost"))["sum"] or 0.0
            Render.objects.filter(pk=render).update(cost_cents=math.ceil(round(total * 100, 6)))
