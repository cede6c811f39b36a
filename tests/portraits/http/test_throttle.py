"""Rate limits by client address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from portraits.http import throttle
from portraits.http.throttle import GUESSES, Throttle, address_of

FEW = Throttle("few", limit=3, seconds=60)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Clock to be set; it starts ten seconds into a window of one minute and of ten."""
    now = [1_200_000_010.0]
    monkeypatch.setattr(throttle.time, "time", lambda: now[0])
    return now


def test_case_27_of_ten_thousand_guesses_twenty_are_looked_at(clock: list[float]) -> None:
    looked_at = 0
    for number in range(10_000):
        clock[0] += 1 / 128
        if GUESSES.wait("203.0.113.9") is None:
            looked_at += 1
            GUESSES.count("203.0.113.9", f"token-{number}")
    assert looked_at == GUESSES.limit == 20
    assert GUESSES.wait("203.0.113.9") == 600 - 88


def test_case_27_another_address_is_not_concerned(clock: list[float]) -> None:
    for number in range(5):
        FEW.count("203.0.113.9", str(number))
    assert FEW.wait("203.0.113.9") == 50
    assert FEW.wait("203.0.113.10") is None


def test_after_the_stretch_it_may_try_again(clock: list[float]) -> None:
    for number in range(5):
        FEW.count("203.0.113.9", str(number))
    wait = FEW.wait("203.0.113.9")
    assert wait is not None
    clock[0] += wait - 1
    assert FEW.wait("203.0.113.9") == 1
    clock[0] += 1
    assert FEW.wait("203.0.113.9") is None


def test_the_same_thing_again_is_not_counted(clock: list[float]) -> None:
    for _ in range(100):
        FEW.count("203.0.113.9", "a-revoked-link-in-somebodys-page")
    assert FEW.wait("203.0.113.9") is None


def test_each_kind_of_try_is_counted_by_itself(clock: list[float]) -> None:
    for number in range(5):
        FEW.count("203.0.113.9", str(number))
    assert Throttle("other", limit=3, seconds=60).wait("203.0.113.9") is None


def test_a_counter_that_a_full_cache_has_dropped_begins_anew(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    FEW.count("203.0.113.9", "one")
    incr = cache.incr

    def dropped(key: str) -> int:
        cache.delete(key)
        return incr(key)

    monkeypatch.setattr(cache, "incr", dropped)
    FEW.count("203.0.113.9", "two")
    assert FEW.wait("203.0.113.9") is None


@pytest.mark.parametrize(
    ("remote", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_is_an_ipv4_address_or_an_ipv6_network(remote: str, counted: str) -> None:
    assert address_of(RequestFactory().get("/", REMOTE_ADDR=remote)) == counted


def test_headers_that_anybody_can_send_are_not_believed() -> None:
    request = RequestFactory().get(
        "/",
        REMOTE_ADDR="203.0.113.9",
        headers={"X-Forwarded-For": "198.51.100.1", "X-Real-IP": "198.51.100.1", "Forwarded": "for=198.51.100.1"},
    )
    assert address_of(request) == "203.0.113.9"


def test_a_try_that_is_given_back_leaves_another(clock: list[float]) -> None:
    for number in range(3):
        FEW.count("203.0.113.9", str(number))
    FEW.give_back("203.0.113.9")
    assert FEW.wait("203.0.113.9") is None
    FEW.count("203.0.113.9", "again")
    assert FEW.wait("203.0.113.9") == 50
    clock[0] += 60
    FEW.give_back("203.0.113.9")
    assert FEW.wait("203.0.113.9") is None
