"""Pods that exist: found, ordered once, and accounted for whatever the provider answers."""

from __future__ import annotations

import pytest

from gpuworker.clock import ManualClock
from gpuworker.errors import BudgetSpent, NoCapacity, RentalRefused, WorkerLost
from gpuworker.fleet.budget import Budget
from gpuworker.fleet.ledger import MemoryLedger
from gpuworker.fleet.pod_manager import PodManager
from gpuworker.fleet.pod_spec import GPUS, Deadlines, PodSpec
from gpuworker.fleet.runpod import AmbiguousResponse, RunPod
from tests.gpuworker.fleet.conftest import SECRET, SPEC
from tests.runpod.fake import KEY, FakeRunPod


def pods(api: RunPod, ledger: MemoryLedger, clock: ManualClock, spec: PodSpec = SPEC, daily: float = 5.0) -> PodManager:
    return PodManager(api, spec, ledger, Budget(daily), SECRET, Deadlines(), clock)


@pytest.fixture
def ours(api: RunPod, ledger: MemoryLedger, clock: ManualClock) -> PodManager:
    return pods(api, ledger, clock)


def test_an_order_says_what_the_worker_needs_and_no_more(
    ours: PodManager, fake: FakeRunPod, clock: ManualClock
) -> None:
    pod = ours.ordered()
    body = fake.pods[pod.id].body
    assert body["name"].startswith("gaze-test-")
    assert body["gpu"] == {"id": GPUS[0], "count": 1}
    assert set(body["env"]) == {"WORKER_TOKEN", "WORKER_ENGINE", "WORKER_IDLE_EXIT", "WORKER_UNTIL"}
    assert body["env"]["WORKER_TOKEN"] == ours.token(pod.name)
    assert clock.now() < float(body["env"]["WORKER_UNTIL"]) <= clock.now() + 86_400
    assert KEY not in str(body)
    assert SECRET not in str(body)


def test_every_pod_has_a_token_of_its_own(ours: PodManager) -> None:
    first, second = ours.ordered(), ours.ordered()
    assert ours.token(first.name) != ours.token(second.name)
    assert len(ours.token(first.name)) >= 32


def test_a_network_volume_is_mounted_for_the_weights(
    api: RunPod, ledger: MemoryLedger, clock: ManualClock, fake: FakeRunPod
) -> None:
    fake.volumes["v1"] = {"id": "v1"}
    spec = PodSpec("org/worker:1", "gaze-test-", volume="v1", data_centres=("EU-RO-1",), min_cuda="13.0", args="serve")
    body = fake.pods[pods(api, ledger, clock, spec).ordered().id].body
    assert body["mounts"] == {"network": [{"volumeId": "v1", "path": "/models"}]}
    assert body["gpu"]["minCudaVersion"] == "13.0"
    assert body["dataCenterIds"] == ["EU-RO-1"]
    with pytest.raises(RentalRefused):
        pods(api, ledger, clock, PodSpec("org/worker:1", "gaze-test-", volume="v2")).ordered()


def test_case_61_the_next_kind_is_taken_when_there_is_none_of_the_first(ours: PodManager, fake: FakeRunPod) -> None:
    fake.gpus[GPUS[0]].stock = 0
    assert ours.ordered().gpu == GPUS[1]
    for kind in fake.gpus.values():
        kind.stock = 0
    with pytest.raises(NoCapacity):
        ours.ordered()


def test_case_61_a_catalogue_that_is_out_of_date_does_not_matter(
    ours: PodManager, fake: FakeRunPod, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fake._offered
    monkeypatch.setattr(fake, "_offered", lambda kind: real(kind) | {"availability": "HIGH"})
    fake.gpus[GPUS[0]].stock = 0
    assert ours.ordered().gpu == GPUS[1]


def test_what_is_too_dear_is_not_rented(api: RunPod, ledger: MemoryLedger, clock: ManualClock) -> None:
    with pytest.raises(NoCapacity):
        pods(api, ledger, clock, PodSpec("i", "gaze-test-", most_hourly=0.40)).ordered()


@pytest.mark.parametrize("kind", ["500 done", "timeout done", "half", "empty", "garbled"])
def test_an_order_that_was_answered_unclearly_but_runs_is_not_repeated(
    ours: PodManager, fake: FakeRunPod, ledger: MemoryLedger, kind: str
) -> None:
    fake.breaks.next("create", kind)
    pod = ours.ordered()
    assert [each.id for each in fake.existing()] == [pod.id]
    assert [rental.machine for rental in ledger.rentals(0)] == [pod.id]


@pytest.mark.parametrize("kind", ["500", "timeout", "refused", "502"])
def test_an_order_that_did_not_arrive_is_repeated_under_the_same_name(
    ours: PodManager, fake: FakeRunPod, kind: str
) -> None:
    fake.breaks.next("create", kind, kind)
    ours.ordered()
    assert len(fake.existing()) == 1


def test_a_provider_that_stays_silent_is_given_up(ours: PodManager, fake: FakeRunPod) -> None:
    fake.breaks.next("create", *["timeout"] * 9)
    with pytest.raises(WorkerLost):
        ours.ordered()


def test_a_pod_that_the_list_shows_late_is_ended_as_surplus(
    ours: PodManager, fake: FakeRunPod, clock: ManualClock
) -> None:
    fake.list_lag = 60
    fake.breaks.next("create", "500 done")
    ours.ordered()
    assert len(fake.existing()) == 2
    clock.advance(120)
    assert ours.settled() is not None
    assert len(fake.existing()) == 1


def test_two_processes_settle_on_the_same_pod(
    api: RunPod, ledger: MemoryLedger, clock: ManualClock, fake: FakeRunPod
) -> None:
    one, two = pods(api, ledger, clock), pods(api, ledger, clock)
    first, second = one.ordered(), two.ordered()
    settled = {one.settled().id, two.settled().id}
    assert len(settled) == 1
    assert settled < {first.id, second.id}
    assert [pod.id for pod in fake.existing()] == list(settled)


def test_failed_pods_are_terminated(ours: PodManager, fake: FakeRunPod) -> None:
    fake.stuck_next = ["ERROR"]
    ours.ordered()
    assert ours.settled() is None
    assert fake.existing() == []


def test_foreign_pods_are_never_touched(ours: PodManager, api: RunPod, fake: FakeRunPod) -> None:
    ours.ordered()
    foreign = api.create_pod({"name": "gaze-other-1", "image": "i", "gpu": {"id": GPUS[0], "count": 1}})
    ours.settled()
    ours.settled()
    assert foreign.id in {pod.id for pod in fake.existing()}


def test_a_stopped_pod_is_started_with_fresh_limits(ours: PodManager, fake: FakeRunPod, clock: ManualClock) -> None:
    pod = ours.ordered()
    before = float(fake.pods[pod.id].body["env"]["WORKER_UNTIL"])
    ours.stop(pod)
    clock.advance(3600)
    restarted = ours.restarted(pod)
    assert restarted is not None
    assert (restarted.id, restarted.status) == (pod.id, "STARTING")
    assert float(fake.pods[pod.id].body["env"]["WORKER_UNTIL"]) != before


def test_a_start_that_finds_no_gpu_on_its_host_ends_the_pod(ours: PodManager, fake: FakeRunPod) -> None:
    pod = ours.ordered()
    ours.stop(pod)
    fake.no_gpu_on_start = 1
    assert ours.restarted(pod) is None
    assert fake.existing() == []


@pytest.mark.parametrize("kind", ["500 done", "timeout done", "half"])
def test_a_start_that_was_answered_unclearly_but_happened_is_used(
    ours: PodManager, fake: FakeRunPod, kind: str
) -> None:
    pod = ours.ordered()
    ours.stop(pod)
    fake.breaks.next("start", kind)
    restarted = ours.restarted(pod)
    assert restarted is not None
    assert restarted.status == "STARTING"


def test_the_ledger_says_what_the_provider_bills(
    ours: PodManager, fake: FakeRunPod, ledger: MemoryLedger, clock: ManualClock
) -> None:
    pod = ours.ordered()
    clock.advance(1000)
    ours.stop(pod)
    clock.advance(5000)
    assert ours.restarted(pod) is not None
    clock.advance(500)
    ours.terminate(pod)
    clock.advance(9000)
    assert Budget(5).spent(ledger, clock.now()) == pytest.approx(fake.cost())
    assert fake.cost() == pytest.approx(1500 * 0.44 / 3600)


def test_a_pod_that_somebody_rented_and_never_noted_is_noted(
    ours: PodManager, api: RunPod, ledger: MemoryLedger, clock: ManualClock, fake: FakeRunPod
) -> None:
    api.create_pod({"name": "gaze-test-lost", "image": "i", "gpu": {"id": GPUS[0], "count": 1}})
    clock.advance(700)
    ours.listed()
    assert Budget(5).spent(ledger, clock.now()) == pytest.approx(fake.cost())


def test_a_pod_that_ended_without_us_is_ended_in_the_ledger(
    ours: PodManager, api: RunPod, ledger: MemoryLedger, clock: ManualClock
) -> None:
    first, second = ours.ordered(), ours.ordered()
    api.terminate(first.id)
    api.stop(second.id)
    clock.advance(60)
    ours.listed()
    assert [rental.ended for rental in ledger.rentals(0)] == [clock.now()] * 2


def test_nothing_is_ordered_or_started_over_budget(
    api: RunPod, ledger: MemoryLedger, clock: ManualClock, fake: FakeRunPod
) -> None:
    poor = pods(api, ledger, clock, daily=0.10)
    with pytest.raises(BudgetSpent):
        poor.ordered()
    pod = pods(api, ledger, clock).ordered()
    poor.stop(pod)
    with pytest.raises(BudgetSpent):
        poor.restarted(pod)
    assert fake.paid() == []


def test_what_runs_is_stopped_before_the_budget_is_spent(
    api: RunPod, ledger: MemoryLedger, clock: ManualClock, fake: FakeRunPod
) -> None:
    ours = pods(api, ledger, clock, daily=0.44)
    ours.ordered()
    clock.advance(2990)
    ours.check_running()
    clock.advance(11)
    with pytest.raises(BudgetSpent):
        ours.check_running()
    assert fake.paid() == []
    ours.check_running()


def test_a_night_without_a_site_is_not_paid_from_the_next_days_budget(
    ours: PodManager, api: RunPod, ledger: MemoryLedger, clock: ManualClock
) -> None:
    pod = ours.ordered()
    clock.advance(100)
    ours.seen(pod)
    clock.advance(900)
    api.terminate(pod.id)  # its worker ended by itself, and a reaper came
    clock.advance(20 * 3600)
    ours.listed()
    (rental,) = ledger.rentals(0)
    assert rental.ended == rental.began + 100 + 900 + 60
    assert Budget(5).spent(ledger, clock.now()) == 0


def test_what_a_pod_cost_that_never_answered_is_asked_of_the_provider(
    ours: PodManager, api: RunPod, ledger: MemoryLedger, clock: ManualClock
) -> None:
    pod = ours.ordered()
    clock.advance(1000)
    api.terminate(pod.id)
    clock.advance(20 * 3600)
    ours.listed()
    (rental,) = ledger.rentals(0)
    assert rental.ended == pytest.approx(rental.began + 1000)


def test_a_start_whose_answer_is_lost_altogether_costs_from_then_on_and_not_from_the_stop_on(
    ours: PodManager, fake: FakeRunPod, ledger: MemoryLedger, clock: ManualClock
) -> None:
    pod = ours.ordered()
    ours.stop(pod)
    clock.advance(8 * 3600)
    fake.breaks.next("start", "timeout done")
    fake.breaks.next("get", *["timeout"] * 4)
    with pytest.raises(AmbiguousResponse):
        ours.restarted(pod)
    clock.advance(60)
    ours.listed()
    assert Budget(5).spent(ledger, clock.now()) == pytest.approx(fake.cost(), abs=0.01)
