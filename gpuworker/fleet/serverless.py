"""Source on RunPod Serverless: as many machines as there are jobs, each paid by the second, found by the provider.

A job's answers are read from the provider's stream (PROTOCOL.md), which gives each item once: what a broken
answer held is lost, is noticed by its number, and ends the attempt.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gpuworker.clock import SYSTEM, Clock
from gpuworker.contract import Progress
from gpuworker.errors import (
    AccessDenied,
    BudgetSpent,
    Busy,
    OutputFailed,
    PhotoTooLarge,
    RenderError,
    WorkerDied,
    WorkerLost,
    WrongAnswer,
)
from gpuworker.fleet.budget import DAY, Budget
from gpuworker.fleet.ledger import Bill, Ledger, Rental
from gpuworker.fleet.runpod import AmbiguousResponse, Problem, RunPod, provider_errors, refusal
from gpuworker.fleet.source import PhaseTimer, Status, step_of
from gpuworker.workers import protocol
from gpuworker.workers.polling import RetryPolicy, TransientError, poll
from gpuworker.workers.protocol import Listing, Snapshot, State
from gpuworker.workers.worker import Job, RenderedFile, Step

log = logging.getLogger(__name__)

SOURCE = "runpod-serverless"
MOST_INPUT = 10_000_000
"""Bytes that the provider takes as input."""
ENDS: Mapping[str, State] = {"COMPLETED": "done", "FAILED": "failed", "TIMED_OUT": "failed", "CANCELLED": "cancelled"}
"""The provider's words for the end of a job."""


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """endpoint: its id; hourly: dollars of a second's price times 3600; execution: seconds that a job may take;
    queue: seconds that it may wait for a machine; look: seconds between two looks at the budget.
    """

    endpoint: str
    hourly: float = 1.1
    gpu: str = "ADA_24"
    execution: float = 600.0
    queue: float = 1800.0
    look: float = 10.0


class ServerlessSource:
    """Source that takes any number of renders at once, in as many threads."""

    name = SOURCE

    def __init__(
        self,
        api: RunPod,
        spec: EndpointSpec,
        ledger: Ledger,
        budget: Budget,
        *,
        retry_policy: RetryPolicy = RetryPolicy(poll=1.0),  # noqa: B008 (frozen)
        folder: Path | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self._api = api
        self._spec = spec
        self._ledger = ledger
        self._budget = budget
        self._retry_policy = retry_policy
        self._folder = folder
        self._clock = clock

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        """Steps, as Source.render."""
        with provider_errors():
            self._budget.check(self._ledger, self._clock.now(), self._spec.hourly)
        transport = _Stream(self._api, self._spec, self._ledger, self._budget, self._clock)
        outcome = "abandoned"
        steps = poll(transport, job, cancelled, retry_policy=self._retry_policy, clock=self._clock, folder=self._folder)
        try:
            with closing(steps), provider_errors():
                for step in self._affordable(steps, transport):
                    yield replace(step, phase="provisioning") if transport.waiting else step
            outcome = "done"
        except RenderError as error:
            outcome = error.code
            raise
        finally:
            transport.settle()
            self._charge(job, transport, outcome)

    def warm(self) -> None:
        """The provider begins machines as jobs come."""

    def reconcile(self) -> None:
        """Close what the ledger still holds open of jobs that ended without us."""
        with provider_errors():
            for rental in self._ledger.rentals(self._clock.now()):
                if rental.source == SOURCE and rental.ended is None:
                    self._reconcile(rental)

    def stop(self) -> None:
        """Cancel every job that the ledger knows to run."""
        with provider_errors():
            for rental in self._ledger.rentals(self._clock.now()):
                if rental.source == SOURCE and rental.ended is None:
                    self._cancel(rental)

    def status(self) -> Status:
        with provider_errors():
            health = self._api.endpoint_health(self._spec.endpoint)
        jobs, workers = health.get("jobs", {}), health.get("workers", {})
        running = int(workers.get("running", 0))
        message = f"{jobs.get('inQueue', 0)} jobs wait, {jobs.get('inProgress', 0)} run, {running} machines work"
        spent = self._budget.spent(self._ledger, self._clock.now())
        phase: Literal["ready", "off"] = "ready" if running or workers.get("idle") else "off"
        return Status(
            SOURCE, phase, message, (), self._spec.gpu, running * self._spec.hourly, spent, self._budget.daily
        )

    def close(self) -> None:
        self._api.close()

    def _reconcile(self, rental: Rental) -> None:
        now = self._clock.now()
        try:
            status = str(self._api.job_status(self._spec.endpoint, rental.machine).get("status"))
        except Problem as problem:
            if problem.status != 404:
                raise
            status = "CANCELLED"
        if status in ENDS or now - rental.began > self._spec.queue + self._spec.execution:
            self._ledger.end(rental.machine, now)
        elif self._budget.exhausted(self._ledger, now, self._spec.hourly):
            self._cancel(rental)

    def _cancel(self, rental: Rental) -> None:
        try:
            self._api.cancel_job(self._spec.endpoint, rental.machine)
        except Problem as problem:
            if problem.status != 404:
                raise
        self._ledger.end(rental.machine, self._clock.now())

    def _affordable(self, steps: Iterator[Step], transport: _Stream) -> Iterator[Step]:
        looked = self._clock.now()
        for step in steps:
            yield step
            if self._clock.now() - looked >= self._spec.look:
                looked = self._clock.now()
                if self._budget.exhausted(self._ledger, looked, self._spec.hourly):
                    raise BudgetSpent(details={"retry_after": round(DAY - looked % DAY)})

    def _charge(self, job: Job, transport: _Stream, outcome: str) -> None:
        if transport.identity is not None:
            cost = round(transport.seconds * self._spec.hourly / 3600, 6)
            phases = dict(transport.timer.seconds)
            self._ledger.bill(
                Bill(
                    job.id,
                    job.attempt,
                    SOURCE,
                    transport.identity,
                    self._spec.gpu,
                    transport.seconds,
                    cost,
                    outcome,
                    phases,
                )
            )


@dataclass(slots=True)
class _Stream:
    """One job as a Transport: what has come out of the provider's stream so far, kept in memory until it is fetched.

    parts: of each file; seconds: that the provider says it has worked, for the bill.
    """

    api: RunPod
    spec: EndpointSpec
    ledger: Ledger
    budget: Budget
    clock: Clock
    identity: str | None = None
    expected: int = 0
    latest: Snapshot | None = None
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    waiting: bool = True
    asked_at: float = 0.0
    began: float | None = None
    seconds: float = 0.0
    over: str | None = None
    timer: PhaseTimer = field(init=False)

    def __post_init__(self) -> None:
        self.timer = PhaseTimer(self.clock)

    # --- as Transport

    def submit(self, job: Job) -> Snapshot:
        """Begun once: an ambiguous response is not repeated, because nothing tells whether a job runs."""
        if self.identity is None:
            self.timer.enter("provisioning")
            self.asked_at = self.clock.now()
            self._begin(self._run(job))
        return self.latest or _queued(job)

    def progress(self, job: Job) -> Snapshot:
        self._read_stream()
        if self.over is not None:
            self._check_end(job)
        elif self.waiting and self.clock.now() - self.asked_at > self.spec.queue:
            raise Busy("No serverless GPU became free in time. Another try will be made.")
        return self.latest or _queued(job)

    def fetch(self, job: Job, listing: Listing, folder: Path, cancelled: threading.Event) -> RenderedFile:
        parts = self.parts.pop(listing.name, {})
        path = folder / listing.name
        try:
            path.write_bytes(b"".join(parts[number] for number in sorted(parts)))
        except OSError as error:
            raise OutputFailed(details={"file": listing.name, "reason": error.strerror or str(error)}) from error
        file = RenderedFile.at(path)
        if (file.sha256, file.size) != (listing.sha256, listing.size):
            raise WrongAnswer(details={"file": listing.name})
        return file

    def cancel(self, job: Job) -> Snapshot:
        """Nothing runs any more once the provider says so."""
        if self.identity is not None and self.over is None:
            try:
                status = self.api.cancel_job(self.spec.endpoint, self.identity)
            except Problem as problem:
                if problem.status != 404:
                    raise TransientError(str(problem)) from problem
                status = "CANCELLED"
            except AmbiguousResponse as error:
                raise TransientError(str(error)) from error
            if status not in ENDS:
                raise TransientError(f"the job is {status} after its cancellation")
            self.over = status
        return replace(self.latest or _queued(job), state="cancelled")

    def forget(self, job: Job) -> None:
        """The provider forgets by itself, after half an hour."""

    # --- what it costs

    def settle(self) -> None:
        """The rental ends with the job. What the provider says it has worked is asked for once."""
        if self.identity is None:
            return
        self.timer.leave()
        try:
            told = self.api.job_status(self.spec.endpoint, self.identity)
            self.seconds = max(self.seconds, float(told.get("executionTime") or 0) / 1000)
            ended = told.get("status") in ENDS
        except (Problem, AmbiguousResponse, Busy, AccessDenied, ValueError, TypeError) as error:
            log.warning("how long job %s worked is not known: %s", self.identity, error)
            ended = self.over is not None
        if ended or self.over is not None:
            self.ledger.end(self.identity, self.clock.now())

    # --- inside

    def _run(self, job: Job) -> str:
        body = {
            "input": json.loads(protocol.submission(job)),
            "policy": {
                "executionTimeout": int(self._limit() * 1000),
                "ttl": int((self.spec.queue + self._limit()) * 1000),
            },
        }
        if len(json.dumps(body)) > MOST_INPUT:
            raise PhotoTooLarge("This picture's file is too large for a serverless GPU, which takes about 7 MB.")
        try:
            return str(self.api.run(self.spec.endpoint, body)["id"])
        except AmbiguousResponse as error:
            raise WorkerLost(details={"reason": str(error)}) from error
        except KeyError as error:
            raise WrongAnswer(details={"reason": "a job without an id"}) from error

    def _limit(self) -> float:
        """Seconds of work, at most what can be paid."""
        return min(self.spec.execution, self.budget.lifetime(self.ledger, self.clock.now(), self.spec.hourly))

    def _begin(self, identity: str) -> None:
        self.identity = identity
        began = self.clock.now()
        self.ledger.begin(Rental(identity, SOURCE, self.spec.gpu, self.spec.hourly, began))

    def _read_stream(self) -> None:
        if self.identity is None:
            raise WorkerDied
        try:
            status, items = self.api.stream(self.spec.endpoint, self.identity)
            if status is None or (not items and status in ENDS):
                status = str(self.api.job_status(self.spec.endpoint, self.identity).get("status"))
        except Problem as problem:
            if problem.status == 404:
                raise WorkerDied("The serverless GPU has forgotten the portrait. Please try again.") from problem
            raise refusal(problem) from problem
        except AmbiguousResponse as error:
            raise TransientError(str(error)) from error
        if status != "IN_QUEUE" and self.waiting:
            self.waiting = False
            self.timer.leave()
        for item in items:
            self._take(item)
        if not items and status in ENDS:
            self.over = status

    def _take(self, item: Any) -> None:
        """Raises WorkerLost for a gap, OtherProtocol for another version, WrongAnswer for what is no item."""
        try:
            if item["seq"] != self.expected:
                raise WorkerLost(details={"reason": f"item {self.expected} of the stream was lost"})
            self.expected += 1
            if "error" in item:
                protocol.check_version(item)
                raise protocol.error_from(item["error"])
            if "snapshot" in item:
                self.latest = Snapshot.from_json(item["snapshot"])
                self.seconds = max(self.seconds, self.latest.seconds)
            else:
                part = base64.b64decode(item["data"], validate=True)
                self.parts.setdefault(str(item["file"]), {})[int(item["part"])] = part
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise WrongAnswer(details={"reason": f"an item of the stream lacks or garbles {error}"}) from error

    def _check_end(self, job: Job) -> None:
        """The stream is dry and the job over: its last snapshot must say so too."""
        state = ENDS[self.over or ""]
        if self.latest is not None and self.latest.state in protocol.ENDED:
            return
        if state == "failed":
            raise WorkerDied(f"The serverless GPU gave up ({self.over}). Please try again.")
        if state == "done":
            raise WorkerLost(details={"reason": "the stream ended before the job did"})
        self.latest = replace(self.latest or _queued(job), state="cancelled", revision=2**31)


def _queued(job: Job) -> Snapshot:
    """Before the machine has said anything."""
    progress = Progress("starting", 0, 0, step_of("provisioning").progress.message)
    return Snapshot(job.id, job.attempt, "queued", 1, 0, 0.0, progress)
