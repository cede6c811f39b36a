"""A render through the provider's queue and stream."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gpuworker.clock import ManualClock
from gpuworker.errors import (
    BudgetSpent,
    Busy,
    Cancelled,
    GpuOutOfMemory,
    OtherProtocol,
    PhotoTooLarge,
    RenderError,
    WorkerDied,
    WorkerLost,
    WrongAnswer,
)
from gpuworker.fleet.budget import Budget
from gpuworker.fleet.ledger import MemoryLedger
from gpuworker.fleet.runpod import RunPod
from gpuworker.fleet.serverless import EndpointSpec, ServerlessSource
from gpuworker.server.job_queue import JobTable
from gpuworker.server.runpod_handler import Handler
from gpuworker.workers.fake import FakeWorker
from gpuworker.workers.polling import RetryPolicy
from tests.gpuworker.jobs import Halt, a_job
from tests.gpuworker.processes import eventually
from tests.gpuworker.workers.test_http_client import Played, truth
from tests.runpod.endpoints import Endpoint
from tests.runpod.fake import FakeRunPod

pytestmark = pytest.mark.slow  # each speaks to a provider over a socket

SPEC = EndpointSpec("ep1", hourly=1.1, execution=100_000)
RETRY_POLICY = RetryPolicy(poll=1.0, stall=1_000_000)
"""On a clock that passes at once a slow machine's threads would otherwise seem to stand still."""


class Steps:
    """Callback before each step of the worker; tests replace `act`."""

    def __init__(self) -> None:
        self.act = lambda number: None

    def __call__(self, number: int) -> None:
        self.act(number)


@pytest.fixture
def before_step() -> Steps:
    return Steps()


@pytest.fixture
def endpoint(fake: FakeRunPod, clock: ManualClock, tmp_path: Path, before_step: Steps) -> Iterator[Endpoint]:
    jobs = JobTable(FakeWorker(before_step), tmp_path)
    fake.endpoints["ep1"] = Endpoint(clock, Handler(jobs))
    yield fake.endpoints["ep1"]
    fake.endpoints["ep1"].close()
    jobs.close()


@pytest.fixture
def source(api: RunPod, endpoint: Endpoint, ledger: MemoryLedger, clock: ManualClock) -> ServerlessSource:
    return ServerlessSource(api, SPEC, ledger, Budget(5.0), retry_policy=RETRY_POLICY, clock=clock)


def test_a_portrait_comes_out_of_the_stream(source: ServerlessSource, ledger: MemoryLedger) -> None:
    played = Played().play(source.render(a_job()))
    assert played.whole
    assert played.hashes == truth(a_job())
    assert played.steps[0].phase == "provisioning"
    (bill,) = ledger.bills
    assert (bill.outcome, bill.source) == ("done", "runpod-serverless")
    assert "provisioning" in bill.phases
    assert [rental.ended is not None for rental in ledger.rentals(0)] == [True]


def test_a_bare_array_is_a_stream_too(source: ServerlessSource, endpoint: Endpoint) -> None:
    endpoint.bare = True
    assert Played().play(source.render(a_job())).whole


def test_any_number_of_renders_go_on_at_once(source: ServerlessSource) -> None:
    first, second = source.render(a_job("one")), source.render(a_job("two"))
    next(first)
    next(second)
    assert Played().play(second).steps[-1].progress.stage == "done"
    assert Played().play(first).steps[-1].progress.stage == "done"


@pytest.mark.parametrize("kind", ["502", "timeout", "html", "429"])
def test_case_55_56_59_a_break_before_the_stream_is_read_costs_nothing_but_time(
    source: ServerlessSource, fake: FakeRunPod, kind: str
) -> None:
    fake.breaks.next("stream", kind, kind)
    fake.breaks.next("status", *[kind] * 2 if kind != "html" else [])
    assert Played().play(source.render(a_job())).whole


@pytest.mark.parametrize("kind", ["timeout done", "half", "500 done"])
def test_case_57_what_a_broken_answer_held_is_lost_and_noticed(
    source: ServerlessSource, fake: FakeRunPod, endpoint: Endpoint, before_step: Steps, kind: str
) -> None:
    halt = Halt(3)
    before_step.act = halt
    steps = source.render(a_job())
    while not halt.reached.is_set():
        next(steps)
    (queued,) = endpoint.jobs.values()
    halt.go_on.set()
    assert eventually(lambda: queued.outputs != [])
    fake.breaks.next("stream", kind)
    played = Played()
    with pytest.raises(WorkerLost) as lost:
        played.play(steps)
    assert not lost.value.permanent
    assert all(played.hashes[name] == truth(a_job())[name] for name in played.hashes)


def test_case_58_a_part_with_other_bytes_is_not_handed_on(
    source: ServerlessSource, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = endpoint._handler

    def spoiled(event: object) -> Iterator[dict[str, object]]:
        for item in real(event):
            yield item | {"data": "AAAA"} if item.get("file") == "q1.webp" else item

    monkeypatch.setattr(endpoint, "_handler", spoiled)
    played = Played()
    with pytest.raises(WrongAnswer):
        played.play(source.render(a_job()))
    assert "q1.webp" not in played.hashes


def test_case_60_an_error_of_the_engine_arrives_as_itself(
    source: ServerlessSource, before_step: Steps, ledger: MemoryLedger
) -> None:
    def fail(number: int) -> None:
        if number == 2:
            raise GpuOutOfMemory

    before_step.act = fail
    with pytest.raises(GpuOutOfMemory):
        list(source.render(a_job()))
    assert [bill.outcome for bill in ledger.bills] == ["gpu_out_of_memory"]


def test_case_61_no_machine_in_time_is_told_and_the_job_is_taken_back(
    source: ServerlessSource, endpoint: Endpoint, ledger: MemoryLedger
) -> None:
    endpoint.delay = 10**6
    with pytest.raises(Busy) as busy:
        list(source.render(a_job()))
    assert not busy.value.permanent
    assert [job.status for job in endpoint.jobs.values()] == ["CANCELLED"]
    assert [bill.cost for bill in ledger.bills] == [0]


def test_a_handler_that_fails_is_a_worker_that_died(source: ServerlessSource, endpoint: Endpoint) -> None:
    def broken(event: object) -> Iterator[dict[str, object]]:
        yield from ()
        raise RuntimeError("a bug")

    endpoint._handler = broken
    with pytest.raises(WorkerDied):
        list(source.render(a_job()))


@pytest.mark.parametrize(
    "item",
    [
        {"seq": 0, "error": {"code": "bad_request", "sentence": "No.", "permanent": True, "details": {}}},
        {"seq": 0, "snapshot": {"protocol": 1, "session_id": "one", "attempt": 1, "state": "running"}},
    ],
    ids=["refusal", "job"],
)
def test_a_worker_of_version_1_is_refused_in_a_sentence(
    source: ServerlessSource, fake: FakeRunPod, clock: ManualClock, item: dict[str, Any]
) -> None:
    fake.endpoints["ep1"] = Endpoint(clock, lambda event: iter_of(item))
    with pytest.raises(OtherProtocol, match="install the same on both"):
        list(source.render(a_job()))
    fake.endpoints["ep1"].close()


def iter_of(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield item


def test_cancelling_takes_the_job_back_and_says_so(
    source: ServerlessSource, endpoint: Endpoint, before_step: Steps
) -> None:
    halt, cancelled = Halt(2), threading.Event()
    before_step.act = halt
    steps = source.render(a_job(), cancelled)
    while not halt.reached.is_set():
        next(steps)
    cancelled.set()
    with pytest.raises(Cancelled) as told:
        list(steps)
    halt.go_on.set()
    assert told.value.details == {"confirmed": True}
    assert [job.status for job in endpoint.jobs.values()] == ["CANCELLED"]


def test_a_photo_that_the_provider_would_not_take_is_refused_here(source: ServerlessSource, endpoint: Endpoint) -> None:
    with pytest.raises(PhotoTooLarge, match="7 MB"):
        list(source.render(a_job(photo=bytes(7_600_000))))
    assert endpoint.jobs == {}


def test_an_unclear_begin_is_not_repeated(source: ServerlessSource, fake: FakeRunPod, endpoint: Endpoint) -> None:
    fake.breaks.next("run", "500 done")
    with pytest.raises(RenderError):
        list(source.render(a_job()))
    assert len(endpoint.jobs) == 1


def test_a_job_may_work_no_longer_than_can_be_paid(
    api: RunPod, endpoint: Endpoint, ledger: MemoryLedger, clock: ManualClock
) -> None:
    source = ServerlessSource(
        api, EndpointSpec("ep1", hourly=6.0), ledger, Budget(2.1), retry_policy=RETRY_POLICY, clock=clock
    )
    list(source.render(a_job()))
    (job,) = endpoint.jobs.values()
    assert job.policy["executionTimeout"] == 600_000
    source = ServerlessSource(api, EndpointSpec("ep1", hourly=6.0), ledger, Budget(2.0 + 1e-9), clock=clock)
    with pytest.raises(BudgetSpent):
        list(source.render(a_job("two")))


def test_the_budget_ends_a_running_job(
    source: ServerlessSource, endpoint: Endpoint, before_step: Steps, clock: ManualClock
) -> None:
    halt = Halt(2)
    before_step.act = halt
    steps = source.render(a_job())
    while not halt.reached.is_set():
        next(steps)
    clock.advance(5 * 3600)
    with pytest.raises(RenderError):
        list(steps)
    halt.go_on.set()
    assert all(job.status in ("CANCELLED", "TIMED_OUT") for job in endpoint.jobs.values())


def test_tending_and_stopping_close_what_a_killed_process_left(
    source: ServerlessSource, endpoint: Endpoint, ledger: MemoryLedger, before_step: Steps
) -> None:
    halt = Halt(2)
    before_step.act = halt
    steps = source.render(a_job())
    while not halt.reached.is_set():
        next(steps)
    source.reconcile()
    assert [rental.ended for rental in ledger.rentals(0)] == [None]
    source.stop()
    halt.go_on.set()
    assert [job.status for job in endpoint.jobs.values()] == ["CANCELLED"]
    assert all(rental.ended is not None for rental in ledger.rentals(0))
    source.reconcile()
    steps.close()


def test_the_status_says_what_waits_and_works(source: ServerlessSource) -> None:
    assert source.status().phase == "off"
    steps = source.render(a_job())
    next(steps)
    assert "1 jobs wait" in source.status().message
    steps.close()
    source.warm()
    source.close()
