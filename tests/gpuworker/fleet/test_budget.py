from __future__ import annotations

import pytest

from gpuworker.errors import BudgetSpent
from gpuworker.fleet.budget import DAY, Budget
from gpuworker.fleet.ledger import MemoryLedger, Rental

MIDNIGHT = 20_000 * DAY
HOUR = 3600.0


def book(*rentals: tuple[float, float | None]) -> MemoryLedger:
    ledger = MemoryLedger()
    for number, (began, ended) in enumerate(rentals):
        ledger.begin(Rental(str(number), "runpod-pod", "GPU", 1.0, MIDNIGHT + began, None))
        if ended is not None:
            ledger.end(str(number), MIDNIGHT + ended)
    return ledger


def test_only_what_was_spent_since_midnight_counts() -> None:
    ledger = book((-5 * HOUR, -2 * HOUR), (-HOUR, HOUR), (2 * HOUR, None))
    assert Budget(5).spent(ledger, MIDNIGHT + 3 * HOUR) == pytest.approx(2.0)
    assert Budget(5).left(ledger, MIDNIGHT + 3 * HOUR) == pytest.approx(3.0)


def test_a_machine_is_begun_only_when_its_reserve_can_be_paid() -> None:
    ledger = book((0, HOUR))
    now = MIDNIGHT + 10 * HOUR
    Budget(1.34, reserve=1200).check(ledger, now, hourly=1.0)
    with pytest.raises(BudgetSpent) as spent:
        Budget(1.33, reserve=1200).check(ledger, now, hourly=1.0)
    assert spent.value.details["retry_after"] == 14 * HOUR
    assert not spent.value.permanent


def test_a_running_machine_is_stopped_while_its_margin_is_left() -> None:
    ledger = book((0, None))
    budget = Budget(1.0, margin=600)
    assert not budget.exhausted(ledger, MIDNIGHT + 2999, 1.0)
    assert budget.exhausted(ledger, MIDNIGHT + 3000, 1.0)


def test_a_machine_outlives_neither_its_money_nor_a_day() -> None:
    assert Budget(1.0).lifetime(book(), MIDNIGHT, 1.0) == 3000
    assert Budget(1000.0).lifetime(book(), MIDNIGHT, 1.0) == DAY
    assert Budget(0.0).lifetime(book(), MIDNIGHT, 1.0) == 60
    assert Budget(1.0).lifetime(book(), MIDNIGHT, 0.0) == DAY
