"""Ledger of rentals and their costs. The site keeps it in its database, where it outlives the process.

Amounts are US dollars, times seconds since the epoch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rental:
    """One stretch of time in which a machine is paid for.

    machine: the provider's id; hourly: its price; ended: None while it still costs;
    seen: when its worker last answered, from which on it ends by itself unless it is used.
    """

    machine: str
    source: str
    gpu: str
    hourly: float
    began: float
    ended: float | None = None
    seen: float | None = None

    def cost(self, since: float, until: float) -> float:
        """US dollars for the part that lies between the two."""
        end = until if self.ended is None else min(self.ended, until)
        return max(0.0, end - max(self.began, since)) * self.hourly / 3600


@dataclass(frozen=True, slots=True)
class Bill:
    """Cost of one attempt at one render, and the duration of each phase before its first frame.

    job, attempt: as in Job; seconds: of rendering; outcome: `done`, or the error's code.
    """

    job: str
    attempt: int
    source: str
    machine: str
    gpu: str
    seconds: float
    cost: float
    outcome: str
    phases: Mapping[str, float] = field(default_factory=dict)


class Ledger(Protocol):
    """Ledger that several processes may share. Every method is safe to repeat."""

    def begin(self, rental: Rental) -> bool:
        """Open a rental; False when one of that machine is open already, which then stays as it is."""

    def see(self, machine: str, at: float) -> None:
        """Note that the worker of the machine's open rental answers; nothing when there is none."""

    def end(self, machine: str, at: float) -> None:
        """Close the machine's open rental; nothing when there is none. Never before it began."""

    def rentals(self, since: float) -> Sequence[Rental]:
        """Open ones, and those that ended after `since`, oldest first."""

    def bill(self, bill: Bill) -> None:
        """Note the bill, once for each attempt at each job."""


class MemoryLedger:
    """Ledger that is forgotten with the process."""

    def __init__(self) -> None:
        self._rentals: list[Rental] = []
        self._bills: dict[tuple[str, int], Bill] = {}
        self._lock = threading.Lock()

    def begin(self, rental: Rental) -> bool:
        with self._lock:
            if any(each.machine == rental.machine and each.ended is None for each in self._rentals):
                return False
            self._rentals.append(rental)
            return True

    def see(self, machine: str, at: float) -> None:
        self._change(machine, lambda rental: replace(rental, seen=at))

    def end(self, machine: str, at: float) -> None:
        self._change(machine, lambda rental: replace(rental, ended=max(at, rental.began)))

    def _change(self, machine: str, change: Callable[[Rental], Rental]) -> None:
        """The machine's open rental, if there is one."""
        with self._lock:
            self._rentals = [
                change(each) if each.machine == machine and each.ended is None else each for each in self._rentals
            ]

    def rentals(self, since: float) -> Sequence[Rental]:
        with self._lock:
            return [each for each in self._rentals if each.ended is None or each.ended > since]

    def bill(self, bill: Bill) -> None:
        with self._lock:
            self._bills.setdefault((bill.job, bill.attempt), bill)

    @property
    def bills(self) -> Sequence[Bill]:
        with self._lock:
            return list(self._bills.values())
