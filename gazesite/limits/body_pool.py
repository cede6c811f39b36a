"""Byte budget shared by the request bodies that are being received, with a share for each client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class BodyPool:
    """Pool of `most` bytes, of which one client holds at most `share`; no share for the empty client.

    Not thread-safe.
    """

    def __init__(self, most: int, share: int) -> None:
        self._most = most
        self._share = share
        self._held: Counter[str] = Counter()
        self._taken = 0

    def is_full(self, count: int) -> bool:
        """Whether so many bytes more do not fit."""
        return self._taken + count > self._most

    def exceeds_share(self, client: str, count: int) -> bool:
        """Whether so many bytes more are too many for this client."""
        return bool(client) and self._held[client] + count > self._share

    @contextmanager
    def reservation(self, client: str) -> Iterator[Reservation]:
        """Empty reservation, released at the end of the block."""
        reservation = Reservation(self, client)
        try:
            yield reservation
        finally:
            self._add(client, -reservation.count)

    def _add(self, client: str, count: int) -> None:
        self._taken += count
        self._held[client] += count
        if not self._held[client]:
            del self._held[client]


class Reservation:
    """Bytes of the pool that one body holds."""

    def __init__(self, pool: BodyPool, client: str) -> None:
        self.pool = pool
        self.client = client
        self.count = 0

    def add(self, count: int) -> None:
        """Take `count` more bytes, without a check: ask the pool first whether they fit."""
        self.pool._add(self.client, count)
        self.count += count
