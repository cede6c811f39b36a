"""Rentals and bills of GPUs, as rows."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from portraits.models import Bill, Rental


def rented(**fields: object) -> Rental:
    values = {"machine": "pod1", "source": "runpod-pod", "gpu": "RTX 4090", "hourly": 0.44, "began": 1000.0}
    return Rental.objects.create(**values | fields)


def test_a_machine_has_one_open_rental(db: None) -> None:
    rented(ended=1200.0)
    rented()
    with pytest.raises(IntegrityError), transaction.atomic():
        rented()
    rented(machine="pod2")


def test_an_attempt_has_one_bill(db: None) -> None:
    row = {"render": "6f1f0a1e-0000-4000-8000-000000000000", "attempt": 1, "source": "url", "machine": "m"}
    Bill.objects.create(**row, seconds=1, cost=0.1, outcome="done")
    with pytest.raises(IntegrityError), transaction.atomic():
        Bill.objects.create(**row, seconds=1, cost=0.1, outcome="done")


def test_rows_say_what_they_are(db: None) -> None:
    assert str(rented()) == "pod1 at $0.44 an hour"
    bill = Bill(render="r", attempt=2, source="url", machine="m", seconds=1, cost=0.00123, outcome="done")
    assert str(bill) == "$0.0012 for attempt 2 at r"
