"""Interface of a source of workers: a Worker that can also be warmed, tended, stopped and asked how it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from gpuworker.clock import Clock
from gpuworker.contract import Progress
from gpuworker.workers.worker import Phase, Step, Worker

SENTENCES: dict[Phase, str] = {
    "provisioning": "Renting a GPU",
    "pulling": "The GPU machine loads its software",
    "booting": "The GPU machine starts",
    "loading": "The GPU machine loads the model",
    "warming": "The model warms up",
    "ready": "The GPU is ready",
}


@dataclass(frozen=True, slots=True)
class Status:
    """Status of a source, for an operator.

    phase: of the machine, `off` without one; message: a sentence; hourly: dollars, of what runs now;
    spent, daily: dollars of today, None where nothing is rented.
    """

    source: str
    phase: Phase | Literal["off"]
    message: str
    machines: tuple[str, ...] = ()
    gpu: str | None = None
    hourly: float = 0.0
    spent: float | None = None
    daily: float | None = None


class Source(Worker, Protocol):
    """Worker that may have to be rented. Its first steps have a `phase` for as long as a machine is being got ready.

    `render` raises NoCapacity, BudgetSpent, Busy and WorkerLost, after which a later attempt may succeed,
    and AccessDenied, RentalRefused and OtherProtocol, after which none will until the set-up is changed.
    """

    name: str

    def warm(self) -> None:
        """Begin to get ready, in the background. Returns at once; what goes wrong is logged."""

    def reconcile(self) -> None:
        """Stop what is idle, stuck, orphaned or unaffordable. To be called about every thirty seconds."""

    def stop(self) -> None:
        """Stop everything that costs, whatever it is doing."""

    def status(self) -> Status:
        """Status now. Raises RenderError when the provider cannot be asked."""


@dataclass(slots=True)
class PhaseTimer:
    """Timer of phases. seconds: by phase, of those that are over."""

    clock: Clock
    seconds: dict[str, float] = field(default_factory=dict)
    phase: Phase | None = None
    since: float = 0.0

    def enter(self, phase: Phase) -> bool:
        """Whether it is another phase than before."""
        if phase == self.phase:
            return False
        self.leave()
        self.phase, self.since = phase, self.clock.now()
        return True

    def leave(self) -> None:
        if self.phase is not None:
            passed = self.clock.now() - self.since
            self.seconds[self.phase] = round(self.seconds.get(self.phase, 0.0) + passed, 3)
        self.phase = None


def step_of(phase: Phase, message: str | None = None) -> Step:
    """Step that shows a phase to a person."""
    return Step(Progress("starting", 0, 0, message or SENTENCES[phase]), phase=phase)
