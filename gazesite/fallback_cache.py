"""Cache shared by several processes: Redis, and each process's own memory while Redis is away.

It holds counters of rate limits. Losing them for a minute is better than answering no request for a minute.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

log = logging.getLogger(__name__)

AWAY_SECONDS = 5.0
"""Time for which Redis is not asked after it did not answer."""
T = TypeVar("T")


class FallbackCache(RedisCache):
    """Cache backend like Django's RedisCache, of which no method raises because Redis is away."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {"socket_connect_timeout": 1, "socket_timeout": 1, **params.pop("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        self._memory = LocMemCache("shared-counters", {"OPTIONS": {"MAX_ENTRIES": 100_000}})
        self._away_until = 0.0

    def add(self, key: Any, value: Any, *rest: Any, **more: Any) -> bool:
        return self._call(super().add, self._memory.add, key, value, *rest, **more)

    def get(self, key: Any, *rest: Any, **more: Any) -> Any:
        return self._call(super().get, self._memory.get, key, *rest, **more)

    def set(self, key: Any, value: Any, *rest: Any, **more: Any) -> None:
        self._call(super().set, self._memory.set, key, value, *rest, **more)

    def incr(self, key: Any, *rest: Any, **more: Any) -> int:
        return self._call(super().incr, self._memory.incr, key, *rest, **more)

    def touch(self, key: Any, *rest: Any, **more: Any) -> bool:
        return self._call(super().touch, self._memory.touch, key, *rest, **more)

    def delete(self, key: Any, *rest: Any, **more: Any) -> bool:
        return self._call(super().delete, self._memory.delete, key, *rest, **more)

    def has_key(self, key: Any, *rest: Any, **more: Any) -> bool:
        return self._call(super().has_key, self._memory.has_key, key, *rest, **more)

    def clear(self) -> None:
        self._memory.clear()
        self._call(super().clear, self._memory.clear)

    def get_many(self, keys: Any, *rest: Any, **more: Any) -> dict[Any, Any]:
        return self._call(super().get_many, self._memory.get_many, keys, *rest, **more)

    def set_many(self, data: Any, *rest: Any, **more: Any) -> list[Any]:
        return self._call(super().set_many, self._memory.set_many, data, *rest, **more)

    def delete_many(self, keys: Any, *rest: Any, **more: Any) -> None:
        self._call(super().delete_many, self._memory.delete_many, keys, *rest, **more)

    def _call(self, in_redis: Callable[..., T], in_memory: Callable[..., T], *rest: Any, **more: Any) -> T:
        if time.monotonic() >= self._away_until:
            try:
                return in_redis(*rest, **more)
            except RedisError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("Redis does not answer (%s); this process counts by itself", error)
        return in_memory(*rest, **more)
