"""The ledger in the database does what the fleet's own in memory does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gpuworker.fleet.ledger import Bill, Ledger, MemoryLedger, Rental
from portraits.models import Bill as BillRow
from portraits.models import Render, User
from portraits.rendering.costs import DatabaseLedger
from tests.portraits import factories

RENTAL = Rental("pod1", "runpod-pod", "RTX 4090", 0.44, began=1000.0)


@pytest.fixture(params=[DatabaseLedger, MemoryLedger])
def ledger(request: pytest.FixtureRequest, db: None) -> Ledger:
    return request.param()


def test_one_rental_of_a_machine_is_open_at_a_time(ledger: Ledger) -> None:
    assert ledger.begin(RENTAL)
    assert not ledger.begin(replace(RENTAL, began=1100.0))
    ledger.end("pod1", 1200.0)
    ledger.end("pod1", 1300.0)
    assert ledger.begin(replace(RENTAL, began=1400.0))
    assert [(each.began, each.ended) for each in ledger.rentals(0)] == [(1000.0, 1200.0), (1400.0, None)]


def test_rentals_are_those_that_cost_since_then(ledger: Ledger) -> None:
    ledger.begin(RENTAL)
    ledger.end("pod1", 1200.0)
    ledger.begin(replace(RENTAL, machine="pod2", began=900.0))
    assert [each.machine for each in ledger.rentals(1200.0)] == ["pod2"]
    assert {each.machine for each in ledger.rentals(1199.0)} == {"pod1", "pod2"}


def test_a_rental_knows_when_its_worker_last_answered(ledger: Ledger) -> None:
    ledger.see("pod1", 1050.0)
    ledger.begin(RENTAL)
    ledger.see("pod1", 1100.0)
    ledger.end("pod1", 1200.0)
    ledger.see("pod1", 1300.0)
    assert [each.seen for each in ledger.rentals(0)] == [1100.0]


def test_nothing_ends_before_it_began(ledger: Ledger) -> None:
    ledger.begin(RENTAL)
    ledger.end("pod1", 5.0)
    assert ledger.rentals(0)[0].ended == 1000.0


def test_each_attempt_is_billed_once_and_the_render_knows_its_cost(owner: User) -> None:
    render = Render.begin(factories.session(factories.portrait(owner)), "refinement", "liveportrait", "runpod-pod")
    bill = Bill(str(render.pk), 1, "runpod-pod", "pod1", "RTX 4090", 30.0, 0.00367, "done", {"provisioning": 4.0})
    ledger = DatabaseLedger()
    for _ in range(3):
        ledger.bill(bill)
    ledger.bill(replace(bill, attempt=2, cost=0.02))
    assert BillRow.objects.count() == 2
    assert Render.objects.get(pk=render.pk).cost_cents == 3
    assert BillRow.objects.get(attempt=1).phases == {"provisioning": 4.0}
