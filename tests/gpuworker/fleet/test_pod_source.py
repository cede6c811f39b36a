"""A render on a rented pod, from nothing to the last sheet and back to nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from gpuworker.clock import ManualClock
from gpuworker.errors import (
    BudgetSpent,
    Cancelled,
    GpuOutOfMemory,
    NoCapacity,
    NoFace,
    OtherProtocol,
    RenderError,
    WorkerLost,
)
from gpuworker.fleet.ledger import MemoryLedger
from gpuworker.fleet.pod_source import PodSource
from gpuworker.workers.worker import Step
from tests.gpuworker.fleet.conftest import SECRET
from tests.gpuworker.jobs import Halt, a_job
from tests.gpuworker.processes import eventually
from tests.gpuworker.workers.test_http_client import Played, truth
from tests.runpod.fake import KEY, FakeRunPod

MakeSource = Callable[..., PodSource]


def play(source: PodSource, identity: str = "one", attempt: int = 1) -> Played:
    return Played().play(source.render(a_job(identity, attempt)))


def phases(steps: list[Step]) -> list[str]:
    return [step.phase for step in steps if step.phase is not None]


def test_a_cold_start_is_told_truthfully_and_ends_in_a_whole_portrait(
    source: PodSource, fake: FakeRunPod, ledger: MemoryLedger
) -> None:
    played = play(source)
    assert played.whole
    assert played.hashes == truth(a_job())
    assert phases(played.steps) == ["provisioning", "pulling", "booting", "ready"]
    assert all(step.progress.stage == "starting" for step in played.steps if step.phase)
    (bill,) = ledger.bills
    assert (bill.job, bill.attempt, bill.outcome, bill.gpu) == ("one", 1, "done", "NVIDIA GeForce RTX 4090")
    assert bill.phases["pulling"] == pytest.approx(30, abs=5)
    assert bill.phases["booting"] == pytest.approx(20, abs=5)
    assert bill.cost == pytest.approx(bill.seconds * 0.44 / 3600, abs=1e-6)
    assert len(fake.existing()) == 1


def test_a_warm_pod_is_used_again(source: PodSource, fake: FakeRunPod, clock: ManualClock) -> None:
    play(source, "one")
    clock.advance(300)
    source.reconcile()
    played = play(source, "two")
    assert played.whole
    assert phases(played.steps) == ["ready"]
    assert len(fake.pods) == 1


def test_another_process_uses_the_same_pod(make_source: MakeSource, fake: FakeRunPod) -> None:
    play(make_source(), "one")
    restarted = make_source()
    assert phases(play(restarted, "two").steps) == ["ready"]
    assert len(fake.pods) == 1


def test_an_idle_pod_is_stopped_and_started_again(source: PodSource, fake: FakeRunPod, clock: ManualClock) -> None:
    play(source, "one")
    clock.advance(599)
    source.reconcile()
    assert len(fake.paid()) == 1
    clock.advance(5)
    source.reconcile()
    assert fake.paid() == []
    played = play(source, "two")
    assert played.whole
    assert phases(played.steps) == ["pulling", "booting", "ready"]
    assert len(fake.pods) == 1


def test_a_worker_that_works_is_not_idle(source: PodSource, fake: FakeRunPod, clock: ManualClock) -> None:
    halt = Halt(3)
    fake.machines.before_step = halt
    steps = source.render(a_job())
    while not halt.reached.is_set():
        next(steps)
    clock.advance(3000)
    source.reconcile()
    assert len(fake.paid()) == 1
    halt.go_on.set()
    assert Played().play(steps).steps[-1].progress.stage == "done"


def test_a_pod_that_was_stopped_for_a_day_is_terminated(
    source: PodSource, fake: FakeRunPod, clock: ManualClock
) -> None:
    play(source)
    source.stop()
    clock.advance(86_000)
    source.reconcile()
    assert len(fake.existing()) == 1
    clock.advance(500)
    source.reconcile()
    assert fake.existing() == []


def test_a_start_without_a_gpu_on_the_host_becomes_a_new_pod(
    source: PodSource, fake: FakeRunPod, clock: ManualClock
) -> None:
    play(source, "one")
    source.stop()
    fake.no_gpu_on_start = 1
    assert play(source, "two").whole
    assert len(fake.pods) == 2
    assert len(fake.existing()) == 1


@pytest.mark.parametrize(("stuck", "most"), [("STARTING", 1500), ("PROVISIONING", 300)])
def test_a_pod_that_is_stuck_is_replaced_after_a_deadline(
    source: PodSource, fake: FakeRunPod, clock: ManualClock, stuck: str, most: float
) -> None:
    fake.stuck_next = [stuck]
    began = clock.now()
    assert play(source).whole
    assert most < clock.now() - began < most + 120
    assert len(fake.existing()) == 1
    assert len(fake.pods) == 2


def test_a_pod_that_fails_at_once_is_replaced_at_once(source: PodSource, fake: FakeRunPod) -> None:
    fake.stuck_next = ["ERROR"]
    assert play(source).whole
    assert len(fake.existing()) == 1


def test_pods_that_never_start_are_given_up_in_the_end_and_none_is_left(source: PodSource, fake: FakeRunPod) -> None:
    fake.stuck_next = ["STARTING"] * 9
    with pytest.raises(NoCapacity) as none:
        play(source)
    assert not none.value.permanent
    assert fake.existing() == []


def test_a_first_pull_of_twenty_minutes_is_waited_for(make_source: MakeSource, fake: FakeRunPod) -> None:
    from tests.runpod.fake import Timing

    fake.timing = Timing(starting=1200, silent=60)
    assert play(make_source()).whole
    assert len(fake.pods) == 1


def test_a_proxy_that_never_answers_is_a_pod_to_replace(source: PodSource, fake: FakeRunPod) -> None:
    fake.breaks.next("health", *["502"] * 40)
    assert play(source).whole
    assert len(fake.pods) == 2
    assert len(fake.existing()) == 1


def test_case_61_no_capacity_costs_nothing_and_may_be_tried_again(
    source: PodSource, fake: FakeRunPod, ledger: MemoryLedger
) -> None:
    for kind in fake.gpus.values():
        kind.stock = 0
    with pytest.raises(NoCapacity) as none:
        play(source)
    assert not none.value.permanent
    assert fake.cost() == 0
    assert (ledger.bills, ledger.rentals(0)) == ([], [])
    for kind in fake.gpus.values():
        kind.stock = 1
    assert play(source, attempt=2).whole


def test_case_48_a_killed_worker_ends_this_attempt_and_the_next_one_succeeds(
    source: PodSource, fake: FakeRunPod
) -> None:
    halt = Halt(3)
    fake.machines.before_step = halt
    steps = source.render(a_job(attempt=1))
    while not halt.reached.is_set():
        next(steps)
    halt.go_on.set()
    fake.kill_worker(fake.existing()[0])
    with pytest.raises(WorkerLost) as lost:
        list(steps)
    assert not lost.value.permanent
    assert play(source, attempt=2).whole
    assert len(fake.existing()) == 1


@pytest.mark.parametrize("kind", ["502", "524", "timeout", "half", "wrong", "html"])
def test_case_55_to_59_breaks_on_the_proxy_cost_nothing_but_time(
    source: PodSource, fake: FakeRunPod, kind: str
) -> None:
    for question in ("health", "generate", "progress", "files", "jobs"):
        fake.breaks.next(question, kind, kind)
    played = play(source)
    assert played.whole
    assert played.hashes == truth(a_job())
    assert len(fake.pods) == 1


@pytest.mark.parametrize("error", [GpuOutOfMemory(), NoFace()])
def test_case_60_an_error_of_the_engine_keeps_the_pod_and_is_billed_as_such(
    source: PodSource, fake: FakeRunPod, ledger: MemoryLedger, error: RenderError
) -> None:
    faults = [error]

    def fail_once(number: int) -> None:
        if number == 3 and faults:
            raise faults.pop()

    fake.machines.before_step = fail_once
    with pytest.raises(type(error)):
        play(source, attempt=1)
    assert play(source, attempt=2).whole
    assert [bill.outcome for bill in ledger.bills] == [error.code, "done"]
    assert len(fake.pods) == 1


def test_cancelling_while_a_pod_starts_ends_at_once_and_the_pod_is_stopped_when_idle(
    source: PodSource, fake: FakeRunPod, clock: ManualClock
) -> None:
    cancelled = threading.Event()
    steps = source.render(a_job(), cancelled)
    assert next(steps).phase == "provisioning"
    cancelled.set()
    with pytest.raises(Cancelled):
        list(steps)
    for _ in range(40):
        clock.advance(30)
        source.reconcile()
    assert fake.paid() == []


def test_a_pod_from_before_a_deployment_is_replaced(make_source: MakeSource, fake: FakeRunPod) -> None:
    play(make_source(), "one")
    (pod,) = fake.existing()
    pod.machine._app._token = b"the token of another secret"
    assert play(make_source(), "two").whole
    assert [each.id for each in fake.existing()] != [pod.id]
    assert len(fake.existing()) == 1


def test_an_image_of_another_protocol_is_told_and_does_not_stay(
    source: PodSource, fake: FakeRunPod, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gpuworker.server import middleware

    monkeypatch.setattr(middleware, "_OURS", [(b"gaze-protocol", b"1")])
    with pytest.raises(OtherProtocol) as other:
        play(source)
    assert other.value.permanent
    assert fake.existing() == []


def test_the_budget_is_checked_before_a_pod_is_rented(make_source: MakeSource, fake: FakeRunPod) -> None:
    with pytest.raises(BudgetSpent):
        play(make_source(daily=0.05))
    assert fake.cost() == 0


def test_the_budget_is_enforced_in_mid_render(make_source: MakeSource, fake: FakeRunPod, clock: ManualClock) -> None:
    source, halt = make_source(daily=0.44), Halt(3)
    fake.machines.before_step = halt
    steps = source.render(a_job())
    while not halt.reached.is_set():
        next(steps)
    clock.advance(3100)
    halt.go_on.set()
    with pytest.raises(BudgetSpent) as spent:
        list(steps)
    assert spent.value.details["retry_after"] > 0
    assert fake.paid() == []
    assert fake.cost() < 0.44


def test_the_budget_is_enforced_while_a_pod_starts(make_source: MakeSource, fake: FakeRunPod) -> None:
    fake.stuck_next = ["STARTING"] * 9
    with pytest.raises(BudgetSpent):
        play(make_source(daily=0.16))
    assert fake.paid() == []
    assert fake.cost() < 0.16


def test_tending_enforces_the_budget_too(make_source: MakeSource, fake: FakeRunPod, clock: ManualClock) -> None:
    source = make_source(daily=0.44, idle=10**9, worker_idle=10**9)
    play(source)
    clock.advance(3000)
    source.reconcile()
    assert fake.paid() == []


def test_a_worker_whose_site_is_gone_ends_before_the_budget_does(
    make_source: MakeSource, fake: FakeRunPod, clock: ManualClock
) -> None:
    play(make_source(daily=0.44, worker_idle=10**6))
    for _ in range(200):
        clock.advance(60)
        fake.paid()
    assert fake.paid() == []
    assert fake.cost() < 0.44


def test_a_worker_whose_site_is_gone_ends_when_idle(source: PodSource, fake: FakeRunPod, clock: ManualClock) -> None:
    play(source)
    cost = fake.cost()
    for _ in range(60):
        clock.advance(60)
        fake.paid()
    assert fake.paid() == []
    assert fake.cost() - cost < 1000 * 0.44 / 3600


def test_a_thread_that_comes_second_sees_how_far_the_pod_is_and_shares_it(
    make_source: MakeSource, fake: FakeRunPod, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source()
    first = source.render(a_job("one"))
    assert next(first).phase == "provisioning"
    second = source.render(a_job("two"))
    assert next(second).phase == "provisioning"  # it waits for its turn, and says for what
    monkeypatch.setattr(source, "_phase", "pulling")
    assert next(second).phase == "pulling"
    assert Played().play(first).steps[-1].progress.stage == "done"
    assert Played().play(second).steps[-1].progress.stage == "done"
    assert len(fake.pods) == 1


def test_warming_gets_a_pod_ready_in_the_background(source: PodSource, fake: FakeRunPod) -> None:
    source.warm()
    source.warm()
    assert eventually(lambda: source.status().phase == "ready")
    assert len(fake.pods) == 1
    assert phases(play(source).steps)[-1] == "ready"


def test_warming_without_capacity_is_a_log_line(
    source: PodSource, fake: FakeRunPod, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in fake.gpus.values():
        kind.stock = 0
    source.warm()
    assert eventually(lambda: "no GPU could be warmed" in caplog.text)


def test_the_status_says_what_is_rented_and_what_it_has_cost(source: PodSource, fake: FakeRunPod) -> None:
    assert source.status().phase == "off"
    play(source)
    status = source.status()
    assert (status.phase, status.gpu, status.hourly, status.daily) == ("ready", "NVIDIA GeForce RTX 4090", 0.44, 5.0)
    assert status.spent == pytest.approx(fake.cost(), rel=0.1)
    source.terminate()
    assert fake.existing() == []
    assert source.status().phase == "off"


def test_a_provider_that_is_down_is_told_in_a_sentence(source: PodSource, fake: FakeRunPod) -> None:
    fake.breaks.next("list", *["500"] * 9)
    with pytest.raises(WorkerLost, match="provider"):
        play(source)
    fake.breaks.clear()
    assert play(source).whole


def test_the_providers_key_and_the_sites_secret_reach_no_worker_and_no_log(
    source: PodSource, fake: FakeRunPod, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert play(source).whole
    environments = str([pod.body["env"] for pod in fake.pods.values()])
    sent = b"".join(fake.bodies).decode(errors="replace")
    token = fake.existing()[0].body["env"]["WORKER_TOKEN"]
    for hidden in (KEY, SECRET):
        assert hidden not in environments + sent + caplog.text
    assert token not in caplog.text
