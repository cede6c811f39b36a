"""The reaper needs a key and a prefix, and nothing of a site."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gpuworker.clock import SYSTEM, ManualClock
from gpuworker.errors import AccessDenied, BadRequest, WorkerLost
from gpuworker.fleet.reaper import reap, reap_from_environment
from gpuworker.fleet.runpod import RunPod
from tests.runpod.fake import KEY, FakeRunPod
from tests.runpod.machines import PaperMachines
from tests.runpod.served import ServedRunPod

BODY = {"image": "org/worker:1", "gpu": {"id": "NVIDIA GeForce RTX 4090", "count": 1}}


def rent(api: RunPod, *names: str) -> None:
    for name in names:
        api.create_pod(BODY | {"name": name})


def names(fake: FakeRunPod) -> set[str]:
    return {pod.body["name"] for pod in fake.existing()}


def test_everything_with_our_prefix_is_terminated_and_nothing_else(api: RunPod, fake: FakeRunPod) -> None:
    rent(api, "gaze-1", "gaze-2", "theirs", "not-gaze-3")
    assert {pod.name for pod in reap(api, "gaze-", dry_run=True)} == {"gaze-1", "gaze-2"}
    assert len(fake.existing()) == 4
    reap(api, "gaze-")
    assert names(fake) == {"theirs", "not-gaze-3"}


def test_young_pods_can_be_spared(api: RunPod, fake: FakeRunPod, clock: ManualClock) -> None:
    rent(api, "gaze-old")
    clock.advance(3000)
    rent(api, "gaze-new")
    reap(api, "gaze-", older_than=1800, clock=clock)
    assert names(fake) == {"gaze-new"}


def test_one_that_resists_does_not_keep_the_others(api: RunPod, fake: FakeRunPod) -> None:
    rent(api, "gaze-1", "gaze-2", "gaze-3")
    fake.breaks.next("delete", *["500"] * 4)
    with pytest.raises(WorkerLost, match="1 of 3 machines could not be terminated"):
        reap(api, "gaze-")
    assert len(fake.existing()) == 1
    reap(api, "gaze-")
    assert fake.existing() == []


def test_a_prefix_that_could_be_anybodys_is_refused(api: RunPod) -> None:
    for prefix in ("", "g"):
        with pytest.raises(BadRequest, match="prefix"):
            reap(api, prefix)


def test_a_missing_key_is_asked_for_and_a_wrong_one_told(fake: FakeRunPod) -> None:
    with pytest.raises(BadRequest, match="RUNPOD_API_KEY"):
        list(reap_from_environment("gaze-", 0, dry_run=False, environment={}))
    with fake.client() as client, pytest.raises(AccessDenied):
        reap(RunPod("wrong", client=client), "gaze-")


def test_the_command_reaps_when_the_site_is_gone() -> None:
    served = ServedRunPod(FakeRunPod(SYSTEM, PaperMachines(SYSTEM), quota=None))
    try:
        api = RunPod(KEY, rest=served.rest)
        rent(api, "gaze-1", "theirs")
        api.close()
        environment = os.environ | {"RUNPOD_API_KEY": KEY, "RUNPOD_REST_URL": served.rest}
        command = [sys.executable, "-m", "gpuworker", "reap", "--prefix", "gaze-"]
        found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        assert "gaze-1 (NVIDIA GeForce RTX 4090, $0.44 an hour" in found.stdout
        assert "1 machine terminated." in found.stdout
        assert KEY not in found.stdout + found.stderr
        assert names(served.fake) == {"theirs"}
        environment["RUNPOD_API_KEY"] = "wrong"
        found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert found.returncode == AccessDenied.exit_code
    finally:
        served.close()
