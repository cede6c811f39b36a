"""Counters that all processes share, and each keeps for itself while Redis is away."""

from __future__ import annotations

import pytest

from gazesite import fallback_cache
from gazesite.fallback_cache import FallbackCache
from tests.production.conftest import redis_part as redis_part  # a fixture
from tests.production.parts import Part


@pytest.fixture
def address(redis_part: tuple[Part, str]) -> str:
    return redis_part[1]


def test_two_processes_count_together(address: str, request: pytest.FixtureRequest) -> None:
    first, second = FallbackCache(address, {}), FallbackCache(address, {})
    request.addfinalizer(
        lambda: [each._cache.get_client(write=True).connection_pool.disconnect() for each in (first, second)]
    )
    first.clear()
    assert first.add("tries", 1)
    assert not second.add("tries", 1)
    assert second.incr("tries") == 2
    assert first.get("tries") == 2
    first.delete("tries")
    assert second.get("tries") is None


def test_without_redis_each_counts_by_itself_and_nobody_gets_an_error() -> None:
    alone = FallbackCache("redis://127.0.0.1:1/0", {})
    assert alone.add("tries", 1)
    assert not alone.add("tries", 1)
    assert alone.incr("tries") == 2
    alone.set("other", 5)
    alone.set_many({"a": 1})
    assert alone.get_many(["other", "a"]) == {"other": 5, "a": 1}
    assert alone.has_key("other")
    assert alone.touch("other")
    assert alone.delete("other")
    alone.delete_many(["a"])
    alone.clear()
    assert alone.get("tries") is None


def test_a_redis_that_is_away_is_not_asked_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("gazesite.fallback_cache.time.monotonic", lambda: now[0])
    asked = []

    def away(*rest: object, **more: object) -> None:
        asked.append(now[0])
        raise fallback_cache.RedisError

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", away)
    cache = FallbackCache("redis://127.0.0.1:1/0", {})
    for moment in (100.0, 101.0, 104.9, 105.1, 106.0):
        now[0] = moment
        cache.get("tries")
    assert asked == [100.0, 105.1]
