"""How many of something are open at once, for each key."""

from __future__ import annotations

import logging
from contextlib import suppress

import pytest

from gazesite.limits.concurrency_limit import ConcurrencyLimit


def test_each_key_has_its_own_room_and_gets_it_back() -> None:
    limit = ConcurrencyLimit("things", 2)
    assert [limit.acquire(key) for key in "aaab"] == [True, True, False, True]
    limit.release("a")
    assert limit.acquire("a")
    assert limit.open("b") == 1


def test_the_empty_key_is_not_limited() -> None:
    limit = ConcurrencyLimit("things", 1)
    assert all(limit.acquire("") for _ in range(10))


def test_a_slot_is_given_back_when_its_block_fails() -> None:
    limit = ConcurrencyLimit("things", 1)
    with suppress(ZeroDivisionError), limit.slot("a"):
        raise ZeroDivisionError
    with limit.slot("a"), limit.slot("a") as has_room:
        assert not has_room
    assert limit.open("a") == 0


def test_a_thousand_refusals_are_one_line(caplog: pytest.LogCaptureFixture) -> None:
    limit = ConcurrencyLimit("connections from one address", 0)
    with caplog.at_level(logging.WARNING, "gazesite.limits.concurrency_limit"):
        assert not any(limit.acquire(f"192.0.2.{number % 250}") for number in range(1000))
    assert len(caplog.records) == 1
    assert "connections from one address" in caplog.text
