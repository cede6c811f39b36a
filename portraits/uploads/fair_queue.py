"""Queue for a few places at work, shared in turns between network addresses and, within one, between persons."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

REMEMBERED = 10_000
"""Addresses and persons whose last turn is remembered; the oldest are forgotten first."""


class QueueFull(Exception):
    """No place to wait is left, or a turn did not come in time."""


class TooManyOfPerson(QueueFull):
    """This person has as many places as one may have."""


class TooManyOfAddress(QueueFull):
    """This address has as many places as one may have."""


@dataclass(frozen=True)
class Requester:
    """Identity for which a place is counted. address: as throttle.address_of; None is never limited."""

    person: str | None = None
    address: str | None = None


@dataclass(eq=False)
class _Place:
    requester: Requester
    granted: threading.Event = field(default_factory=threading.Event)


class FairQueue:
    """Safe to use from many threads.

    The next turn is that of the address whose last turn is longest ago, in it that of the person whose last
    turn is longest ago, and in order of arrival between those who never had one. So neither many uploads nor
    many accounts at one address delay the others by more than one turn.
    """

    def __init__(self, at_once: int, waiting: int, per_person: int, per_address: int) -> None:
        """at_once: places at work. waiting: places beside them. per_person, per_address: bounds over both kinds."""
        self._at_once = at_once
        self._most = at_once + waiting
        self._per_person = per_person
        self._per_address = per_address
        self._lock = threading.Lock()
        self._working: list[_Place] = []
        self._waiting: list[_Place] = []
        self._last_turn: OrderedDict[Any, int] = OrderedDict()
        self._turns = 0

    @contextmanager
    def place(self, requester: Requester, patience: float) -> Iterator[None]:
        """Blocks until it is the requester's turn, at most `patience` seconds. Raises QueueFull or a kind of it."""
        place = self._entered(requester)
        try:
            if not place.granted.wait(patience):
                raise QueueFull
            yield
        finally:
            self._leave(place)

    def _entered(self, requester: Requester) -> _Place:
        with self._lock:
            everyone = [*self._working, *self._waiting]
            persons = Counter(place.requester.person for place in everyone)
            addresses = Counter(place.requester.address for place in everyone)
            if requester.person is not None and persons[requester.person] >= self._per_person:
                raise TooManyOfPerson
            if requester.address is not None and addresses[requester.address] >= self._per_address:
                raise TooManyOfAddress
            if len(everyone) >= self._most:
                raise QueueFull
            place = _Place(requester)
            self._waiting.append(place)
            self._grant()
        return place

    def _leave(self, place: _Place) -> None:
        with self._lock:
            (self._working if place in self._working else self._waiting).remove(place)
            self._grant()

    def _grant(self) -> None:
        while self._waiting and len(self._working) < self._at_once:
            place = min(self._waiting, key=self._last)  # min is stable: in order of arrival
            self._waiting.remove(place)
            self._working.append(place)
            self._note(place.requester)
            place.granted.set()

    def _last(self, place: _Place) -> tuple[int, int]:
        requester = place.requester
        return self._last_turn.get(("address", requester.address), 0), self._last_turn.get(requester, 0)

    def _note(self, requester: Requester) -> None:
        self._turns += 1
        for key in (("address", requester.address), requester):
            self._last_turn[key] = self._turns
            self._last_turn.move_to_end(key)
        while len(self._last_turn) > REMEMBERED:
            self._last_turn.popitem(last=False)
