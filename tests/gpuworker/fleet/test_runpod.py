"""The provider's interface: what its answers mean, and that the key goes nowhere else."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from gpuworker.clock import ManualClock
from gpuworker.errors import AccessDenied, Busy, NoCapacity, RentalRefused
from gpuworker.fleet.runpod import AmbiguousResponse, Problem, RunPod
from tests.runpod.fake import KEY, FakeRunPod

BODY = {
    "name": "gaze-1",
    "image": "org/worker:1",
    "gpu": {"id": "NVIDIA GeForce RTX 4090", "count": 1},
    "cloud": "SECURE",
    "ports": ["8000/http"],
}


def test_a_pod_is_created_started_stopped_and_terminated(api: RunPod, fake: FakeRunPod, clock: ManualClock) -> None:
    pod = api.create_pod(BODY)
    assert (pod.status, pod.hourly, pod.gpu, pod.paid) == ("PROVISIONING", 0.44, "NVIDIA GeForce RTX 4090", True)
    assert pod.created == pytest.approx(clock.now())
    clock.advance(60)
    running = api.pod(pod.id)
    assert running is not None
    assert (running.status, running.uptime) == ("RUNNING", 25.0)
    api.stop(pod.id)
    api.stop(pod.id)  # safe to repeat
    assert api.start(pod.id).status == "STARTING"
    api.terminate(pod.id)
    api.terminate(pod.id)
    assert api.pod(pod.id) is None
    assert fake.existing() == []


def test_only_pods_with_our_prefix_are_listed_oldest_first(api: RunPod, clock: ManualClock) -> None:
    for name in ("gaze-b", "theirs", "gaze-a"):
        api.create_pod(BODY | {"name": name})
        clock.advance(1)
    assert [pod.name for pod in api.pods("gaze-")] == ["gaze-b", "gaze-a"]


def test_offers_say_price_and_stock(api: RunPod, fake: FakeRunPod) -> None:
    fake.gpus["NVIDIA L4"].stock = 0
    offers = api.offers("SECURE")
    assert offers["NVIDIA GeForce RTX 4090"].hourly == 0.44
    assert offers["NVIDIA GeForce RTX 4090"].available
    assert not offers["NVIDIA L4"].available
    assert api.offers("COMMUNITY")["NVIDIA GeForce RTX 4090"].hourly == 0.31


def test_case_61_no_capacity_is_told_from_other_refusals(api: RunPod, fake: FakeRunPod) -> None:
    fake.gpus["NVIDIA GeForce RTX 4090"].stock = 0
    with pytest.raises(NoCapacity) as none:
        api.create_pod(BODY)
    assert not none.value.permanent
    with pytest.raises(RentalRefused) as refused:
        api.create_pod(BODY | {"interruptible": True})
    assert refused.value.permanent
    assert "interruptible" in refused.value.details["detail"]


def test_a_wrong_key_is_told_as_such(fake: FakeRunPod, clock: ManualClock) -> None:
    with fake.client() as client, pytest.raises(AccessDenied, match="RUNPOD_API_KEY"):
        RunPod("rpa_wrong", client=client, clock=clock).pods("gaze-")


def test_what_changes_nothing_is_asked_again_and_what_does_is_not(api: RunPod, fake: FakeRunPod) -> None:
    fake.breaks.next("list", "500", "timeout", "html")
    with pytest.raises(AmbiguousResponse):  # a page with 200 is no list, and is not asked for again
        api.pods("gaze-")
    fake.breaks.next("create", "500 done")
    with pytest.raises(AmbiguousResponse):
        api.create_pod(BODY)
    assert len(fake.existing()) == 1


@pytest.mark.parametrize("kind", ["half", "empty", "garbled", "html"])
def test_an_answer_that_is_none_is_unclear(api: RunPod, fake: FakeRunPod, kind: str) -> None:
    fake.breaks.next("create", kind)
    with pytest.raises(AmbiguousResponse):
        api.create_pod(BODY)
    assert len(fake.existing()) == (kind != "html")


def test_429_is_waited_for_as_it_says(api: RunPod, fake: FakeRunPod, clock: ManualClock) -> None:
    fake.breaks.next("create", "429", "429")
    began = clock.now()
    api.create_pod(BODY)
    assert clock.now() - began == 6
    assert len(fake.existing()) == 1


def test_a_wait_that_is_too_long_is_told_instead(clock: ManualClock) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"Retry-After": "3600"}, json={"title": "Too many"})

    with httpx.Client(transport=httpx.MockTransport(slow)) as client, pytest.raises(Busy) as busy:
        RunPod(KEY, client=client, clock=clock).pods("gaze-")
    assert busy.value.details == {"retry_after": 3600}


def test_a_quota_that_is_used_up_is_not_run_into(api: RunPod, fake: FakeRunPod, clock: ManualClock) -> None:
    for _ in range(150):
        api.pods("gaze-")
    assert clock.now() - 1_780_056_000 >= 120
    assert len(fake.asked) == 150  # not one was refused


@pytest.mark.parametrize(
    "told",
    ['"default";r=0;t=42', "limit=60, remaining=0, reset=42", "r=0, t=42"],
)
def test_both_forms_of_the_quotas_header_are_read(told: str, clock: ManualClock) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"RateLimit": told}, json={"pods": []})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        api = RunPod(KEY, client=client, clock=clock)
        api.pods("gaze-")
        began = clock.now()
        api.pods("gaze-")
    assert clock.now() - began == 42


def test_logs_come_line_by_line(api: RunPod) -> None:
    pod = api.create_pod(BODY)
    assert list(api.logs(pod.id)) == [f"pod {pod.id} is PROVISIONING", "image org/worker:1"]
    with pytest.raises(Problem):
        list(api.logs("nowhere"))


def test_the_key_is_in_no_log_no_error_and_no_representation(
    api: RunPod, fake: FakeRunPod, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [repr(api), str(vars(api).get("_rest"))]
    fake.breaks.next("create", "500", "timeout")
    for body in (BODY, BODY, BODY | {"odd": 1}):
        try:
            api.create_pod(body)
        except (AmbiguousResponse, RentalRefused) as error:
            told += [str(error), repr(error), repr(error.__cause__), repr(getattr(error, "details", ""))]
    assert KEY not in caplog.text + "".join(told)


def test_a_pods_bill_is_what_it_has_cost(api: RunPod, fake: FakeRunPod, clock: ManualClock) -> None:
    pod = api.create_pod(BODY)
    clock.advance(3600)
    api.terminate(pod.id)
    assert api.billed(pod.id) == pytest.approx(0.44)
    assert api.billed("nowhere") == 0


def test_the_proxys_address_is_the_pods(api: RunPod) -> None:
    assert api.proxy("7h9k2m4n6p") == "https://7h9k2m4n6p-8000.proxy.runpod.net"


@pytest.mark.parametrize(
    "answer", [[], {"pods": "x"}, {"pods": [{}]}, {"pods": [{"id": 1, "name": "n", "status": "RUNNING"}]}, None]
)
def test_a_list_that_is_none_is_unclear(answer: Any, clock: ManualClock) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    with httpx.Client(transport=transport) as client, pytest.raises(AmbiguousResponse):
        RunPod(KEY, client=client, clock=clock).pods("gaze-")
