"""A provider, its clock, and a source that rents from it; nothing takes real time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gpuworker.clock import ManualClock
from gpuworker.fleet.budget import Budget
from gpuworker.fleet.ledger import MemoryLedger
from gpuworker.fleet.pod_source import PodSource
from gpuworker.fleet.pod_spec import Deadlines, PodSpec
from gpuworker.fleet.runpod import RunPod
from gpuworker.workers.polling import RetryPolicy
from tests.runpod.fake import KEY, FakeRunPod
from tests.runpod.machines import PaperMachines

NOON = 1_780_056_000.0
"""Seconds since the epoch: 12:00 UTC of some day."""

SECRET = "a secret of the site, which no pod sees"
SPEC = PodSpec("org/worker:1.4.0", prefix="gaze-test-")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def fake(clock: ManualClock) -> Iterator[FakeRunPod]:
    found = FakeRunPod(clock, PaperMachines(clock))
    yield found
    found.close()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def api(fake: FakeRunPod, clock: ManualClock) -> Iterator[RunPod]:
    with fake.client() as client:
        yield RunPod(KEY, client=client, clock=clock)


@pytest.fixture
def make_source(fake: FakeRunPod, clock: ManualClock, ledger: MemoryLedger) -> Iterator[Callable[..., PodSource]]:
    """Sources of one deployment, as if each were in a process of its own."""
    made: list[PodSource] = []
    clients = []

    def make(daily: float = 5.0, spec: PodSpec = SPEC, book: MemoryLedger | None = None, **times: float) -> PodSource:
        client, proxied = fake.client(), fake.client()
        clients.extend([client, proxied])
        api = RunPod(KEY, client=client, clock=clock)
        budget, deadlines = Budget(daily), Deadlines(**times)
        source = PodSource(
            api,
            spec,
            book or ledger,
            budget,
            SECRET,
            deadlines=deadlines,
            retry_policy=RetryPolicy(
                stall=1_000_000
            ),  # the machine's threads take real time, of which the clock knows nothing
            worker_client=proxied,
            clock=clock,
        )
        made.append(source)
        return source

    yield make
    for source in made:
        source.close()
    for client in clients:
        client.close()


@pytest.fixture
def source(make_source: Callable[..., PodSource]) -> PodSource:
    return make_source()
