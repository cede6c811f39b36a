"""Leases: renewed by a heartbeat, and ended from outside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from portraits.models import Output, Render, User
from portraits.rendering import lease
from tests.portraits import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def output(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Output:
    monkeypatch.setattr(lease, "BEAT", 0.02)
    owner: User = factories.user("owner")
    return factories.claimed(factories.session(factories.portrait(owner)))


def test_a_lease_is_renewed_whatever_the_work_waits_for(output: Output) -> None:
    soon = timezone.now() + timedelta(seconds=1)
    Render.objects.update(lease_until=soon)
    with lease.held(output.render, output) as held:
        assert not held.stop.wait(0.5)
    assert Render.objects.get().lease_until > soon
    assert lease.count() == 0


def test_whoever_was_overtaken_is_told_to_stop(output: Output) -> None:
    with lease.held(output.render, output) as held:
        Render.objects.update(attempt=2)
        assert held.stop.wait(60)
        assert not held.handing_back
    Render.objects.update(attempt=1)


def test_whoever_was_cancelled_is_told_to_stop(output: Output) -> None:
    with lease.held(output.render, output) as held:
        assert output.render.cancel()
        assert held.stop.wait(60)


def test_a_process_that_ends_tells_all_its_attempts(output: Output) -> None:
    with lease.held(output.render, output) as held:
        assert lease.count() == 1
        lease.hand_back_all()
        assert held.stop.is_set()
        assert held.handing_back


def test_a_database_that_is_away_stops_nobody(output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def away(self: Render, attempt: int) -> bool:
        asked.append(attempt)
        raise OperationalError("away")

    monkeypatch.setattr(Render, "renew", away)
    with lease.held(output.render, output) as held:
        assert not held.stop.wait(0.3)
    assert len(asked) > 1
