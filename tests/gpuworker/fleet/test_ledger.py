from __future__ import annotations

import pytest

from gpuworker.fleet.ledger import Bill, MemoryLedger, Rental


def rental(machine: str = "m", began: float = 0.0, ended: float | None = None, hourly: float = 3.6) -> Rental:
    return Rental(machine, "runpod-pod", "GPU", hourly, began, ended)


@pytest.mark.parametrize(
    ("began", "ended", "cost"),
    [(0, None, 0.1), (-50, None, 0.1), (50, None, 0.05), (-50, 30, 0.03), (20, 30, 0.01), (200, None, 0), (-9, -5, 0)],
)
def test_a_rental_costs_its_time_within_the_window(began: float, ended: float | None, cost: float) -> None:
    assert rental(began=began, ended=ended).cost(0, 100) == pytest.approx(cost)


def test_a_machine_is_rented_once_at_a_time() -> None:
    ledger = MemoryLedger()
    assert ledger.begin(rental(began=5))
    assert not ledger.begin(rental(began=1))
    assert ledger.begin(rental("other"))
    ledger.end("m", 10)
    ledger.end("m", 99)
    assert ledger.begin(rental(began=20))
    assert [(r.machine, r.began, r.ended) for r in ledger.rentals(0)] == [
        ("m", 5, 10),
        ("other", 0, None),
        ("m", 20, None),
    ]


def test_a_rental_never_ends_before_it_began_and_ending_nothing_does_nothing() -> None:
    ledger = MemoryLedger()
    ledger.end("m", 3)
    ledger.begin(rental(began=10))
    ledger.end("m", 3)
    assert ledger.rentals(0)[0].ended == 10


def test_old_rentals_are_left_out_and_open_ones_are_not() -> None:
    ledger = MemoryLedger()
    for machine, began in (("old", 0.0), ("new", 50.0), ("open", 0.0)):
        ledger.begin(rental(machine, began))
    ledger.end("old", 10)
    ledger.end("new", 60)
    assert [each.machine for each in ledger.rentals(50)] == ["new", "open"]


def test_an_attempt_is_billed_once() -> None:
    ledger = MemoryLedger()
    first = Bill("one", 1, "runpod-pod", "m", "GPU", 70.0, 0.01, "done")
    for bill in (first, Bill("one", 1, "runpod-pod", "m", "GPU", 99.0, 0.9, "done")):
        ledger.bill(bill)
    ledger.bill(Bill("one", 2, "runpod-pod", "m", "GPU", 1.0, 0.001, "done"))
    assert [(bill.attempt, bill.cost) for bill in ledger.bills] == [(1, 0.01), (2, 0.001)]


def test_a_worker_is_seen_while_it_is_rented() -> None:
    ledger = MemoryLedger()
    ledger.see("m", 5)
    ledger.begin(rental(began=0))
    ledger.see("m", 7)
    ledger.end("m", 9)
    ledger.see("m", 11)
    assert [(each.seen, each.ended) for each in ledger.rentals(0)] == [(7, 9)]
