"""Fair queue for a few concurrent places: turns alternate between network addresses, and within one between persons."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

MAX_STORED_TURNS = 10_000
"""Addresses and persons whose last turn is stored; the oldest are dropped first."""


class QueueFull(Exception):
    """No waiting place is left, or the turn did not come in time."""


class TooManyOfPerson(QueueFull):
    """The person already has the permitted number of places."""


class TooManyOfAddress(QueueFull):
    """The address already has the permitted number of places."""


@dataclass(frozen=True)
class Requester:
    """Identity for which a place is counted; None is never limited."""

    person: str | None = None
    """Id of the user."""
    address: str | None = None
    """Address as of throttle.address_of."""


@dataclass(eq=False)
class _Place:
    requester: Requester
    granted: threading.Event = field(default_factory=threading.Event)


class FairQueue:
    """Thread-safe queue with bounds for each person and address.

    The next turn goes to the address whose last turn is longest ago, within it to the person whose last turn is longest
    ago, and in order of arrival among those who never had one. So neither many uploads nor many accounts at one address
    delay the others by more than one turn.
    """

    def __init__(self, running: int, waiting: int, per_person: int, per_address: int) -> None:
        """running: concurrent places. waiting: places beside them. per_person, per_address: bounds over both kinds."""
        self._max_running = running
        self._max_places = running + waiting
        self._per_person = per_person
        self._per_address = per_address
        self._lock = threading.Lock()
        self._running: list[_Place] = []
        self._waiting: list[_Place] = []
        self._last_turn: OrderedDict[Any, int] = OrderedDict()
        self._turns = 0

    @contextmanager
    def place(self, requester: Requester, timeout: float) -> Iterator[None]:
        """Place that is held while the context is open; entering blocks for at most `timeout` seconds.

        Raises QueueFull or a subclass of it.
        """
        place = self._enter(requester)
        try:
            if not place.granted.wait(timeout):
                raise QueueFull
            yield
        finally:
            self._leave(place)

    def _enter(self, requester: Requester) -> _Place:
        with self._lock:
            everyone = [*self._running, *self._waiting]
            persons = Counter(place.requester.person for place in everyone)
            addresses = Counter(place.requester.address for place in everyone)
            if requester.person is not None and persons[requester.person] >= self._per_person:
                raise TooManyOfPerson
            if requester.address is not None and addresses[requester.address] >= self._per_address:
                raise TooManyOfAddress
            if len(everyone) >= self._max_places:
                raise QueueFull
            place = _Place(requester)
            self._waiting.append(place)
            self._grant()
        return place

    def _leave(self, place: _Place) -> None:
        with self._lock:
            (self._running if place in self._running else self._waiting).remove(place)
            self._grant()

    def _grant(self) -> None:
        while self._waiting and len(self._running) < self._max_running:
            place = min(self._waiting, key=self._last)  # min is stable: in order of arrival
            self._waiting.remove(place)
            self._running.append(place)
            self._record_turn(place.requester)
            place.granted.set()

    def _last(self, place: _Place) -> tuple[int, int]:
        requester = place.requester
        return self._last_turn.get(("address", requester.address), 0), self._last_turn.get(requester, 0)

    def _record_turn(self, requester: Requester) -> None:
        self._turns += 1
        for key in (("address", requester.address), requester):
            self._last_turn[key] = self._turns
            self._last_turn.move_to_end(key)
        while len(self._last_turn) > MAX_STORED_TURNS:
            self._last_turn.popitem(last=False)
