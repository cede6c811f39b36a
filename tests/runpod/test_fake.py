"""The fake is as strict as what it stands for, and its pods hold real workers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.clock import SYSTEM, ManualClock
from gpuworker.contract import RenderRequest, Size
from gpuworker.errors import Cancelled, WorkerLost
from gpuworker.fleet.budget import Budget
from gpuworker.fleet.ledger import MemoryLedger
from gpuworker.fleet.pod_spec import Deadlines, PodSpec
from gpuworker.fleet.serverless import EndpointSpec
from gpuworker.fleet.source_config import SourceConfig, build
from gpuworker.server.job_queue import JobTable
from gpuworker.server.runpod_handler import Handler
from gpuworker.workers.worker import Job, LocalWorker
from tests.gpuworker.pictures import encoded
from tests.gpuworker.processes import eventually
from tests.runpod.endpoints import Endpoint
from tests.runpod.fake import KEY, NO_CAPACITY, FakeRunPod, Timing
from tests.runpod.machines import LocalMachines, PaperMachines
from tests.runpod.served import ServedRunPod

GOOD = {
    "name": "gaze-1",
    "image": "org/worker:1.4.0",
    "gpu": {"id": "NVIDIA GeForce RTX 4090", "count": 1, "minCudaVersion": "13.0"},
    "cloud": "SECURE",
    "disk": 40,
    "ports": ["8000/http"],
    "env": {"WORKER_TOKEN": "x"},
    "args": "python -m worker",
    "dataCenterIds": ["EU-RO-1"],
}
REST = "https://api.runpod.io/v2"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def fake(clock: ManualClock) -> Iterator[FakeRunPod]:
    found = FakeRunPod(clock, PaperMachines(clock))
    yield found
    found.close()


@pytest.fixture
def asking(fake: FakeRunPod) -> Iterator[httpx.Client]:
    with fake.client() as client:
        client.headers["Authorization"] = f"Bearer {KEY}"
        yield client


def test_a_pod_looks_as_documented(asking: httpx.Client, clock: ManualClock) -> None:
    pod = asking.post(f"{REST}/pods", json=GOOD)
    assert pod.status_code == 201
    assert set(pod.json()) == {
        "id",
        "name",
        "image",
        "args",
        "disk",
        "ports",
        "env",
        "registry",
        "status",
        "actions",
        "mounts",
        "gpu",
        "cloud",
        "dataCenterId",
        "cudaVersion",
        "ssh",
        "template",
        "cost",
        "locked",
        "globalNetworking",
        "runtime",
        "createdAt",
        "startedAt",
    }
    assert (pod.json()["status"], pod.json()["runtime"]) == ("PROVISIONING", None)
    clock.advance(6)
    assert asking.get(f"{REST}/pods/{pod.json()['id']}").json()["status"] == "STARTING"
    clock.advance(30)
    assert asking.get(f"{REST}/pods/{pod.json()['id']}").json()["runtime"]["uptime"] == 1
    assert len(asking.get(f"{REST}/pods?name=ignored").json()["pods"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"interruptible": True},
        {"gpuTypeIds": ["x"]},
        {"args": ["python"]},
        {"cpu": {"id": "cpu3c"}},
        {"templateId": "t"},
        {"gpu": {"id": "NVIDIA GeForce RTX 4090", "fallback": []}},
        {"gpu": {"id": "GTX 8"}},
        {"ports": ["8000"]},
        {"env": {"A": 1}},
        {"mounts": {"network": [{"volumeId": "nowhere", "path": "/models"}]}},
        {"name": ""},
    ],
)
def test_an_unknown_or_wrong_key_is_a_422_with_a_problem(asking: httpx.Client, change: dict[str, object]) -> None:
    answer = asking.post(f"{REST}/pods", json=GOOD | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"title", "status", "detail", "errors"}


def test_no_key_is_a_401_and_no_stock_a_400(fake: FakeRunPod, asking: httpx.Client) -> None:
    assert asking.get(f"{REST}/pods", headers={"Authorization": "Bearer x"}).status_code == 401
    fake.gpus["NVIDIA GeForce RTX 4090"].stock = 0
    answer = asking.post(f"{REST}/pods", json=GOOD)
    assert (answer.status_code, answer.json()["detail"]) == (400, NO_CAPACITY)


def test_an_illegal_action_is_a_409(asking: httpx.Client) -> None:
    identity = asking.post(f"{REST}/pods", json=GOOD).json()["id"]

    def act(action: str) -> int:
        return asking.post(f"{REST}/pods/{identity}/action", json={"action": action}).status_code

    assert [act("start"), act("restart"), act("stop"), act("stop"), act("start")] == [409, 409, 200, 409, 200]
    assert asking.post(f"{REST}/pods/{identity}/action", json={"action": "stop", "force": 1}).status_code == 422
    assert act("terminate") == 204
    assert act("terminate") == 404


def test_the_sixty_first_question_of_a_minute_is_a_429(asking: httpx.Client, clock: ManualClock) -> None:
    statuses = [asking.get(f"{REST}/pods").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    clock.advance(int(asking.get(f"{REST}/pods").headers["Retry-After"]))
    assert asking.get(f"{REST}/pods").status_code == 200


def test_the_proxy_answers_502_until_the_worker_listens_and_404_without_a_pod(
    asking: httpx.Client, clock: ManualClock
) -> None:
    identity = asking.post(f"{REST}/pods", json=GOOD).json()["id"]
    worker = f"https://{identity}-8000.proxy.runpod.net/health"
    asked = {"Authorization": "Bearer x"}
    assert asking.get(worker, headers=asked).status_code == 502
    clock.advance(40)
    assert asking.get(worker, headers=asked).status_code == 502
    clock.advance(20)
    assert asking.get(worker, headers=asked).status_code == 200
    assert asking.get(worker, headers={"Authorization": ""}).status_code == 401
    assert asking.get("https://nowhere-8000.proxy.runpod.net/health").status_code == 404


def test_the_bill_counts_the_seconds_that_a_pod_is_paid(
    fake: FakeRunPod, asking: httpx.Client, clock: ManualClock
) -> None:
    identity = asking.post(f"{REST}/pods", json=GOOD).json()["id"]
    clock.advance(3600)
    asking.post(f"{REST}/pods/{identity}/action", json={"action": "stop"})
    clock.advance(3600)
    assert fake.cost() == pytest.approx(0.44)
    records = asking.get(f"{REST}/billing/pods?bucketSize=day&lastN=30").json()["records"]
    assert records == [{"podId": identity, "totalAmount": pytest.approx(0.44)}]


def test_without_money_pods_stop_and_those_without_a_volume_are_gone(fake: FakeRunPod, asking: httpx.Client) -> None:
    volume = {"name": "weights", "size": 50, "dataCenter": "EU-RO-1", "type": "STANDARD"}
    identity = asking.post(f"{REST}/network-volumes", json=volume).json()["id"]
    mounts = {"network": [{"volumeId": identity, "path": "/models"}]}
    kept = asking.post(f"{REST}/pods", json=GOOD | {"mounts": mounts}).json()["id"]
    asking.post(f"{REST}/pods", json=GOOD)
    fake.run_out_of_money()
    assert [(pod.id, pod.status) for pod in fake.existing()] == [(kept, "EXITED")]


def test_an_endpoint_is_created_as_documented(fake: FakeRunPod, asking: httpx.Client) -> None:
    fake.handler = lambda event: iter([{"echo": event["input"]}])
    body = {
        "name": "gaze",
        "image": "org/worker:1.4.0",
        "type": "QUEUE",
        "gpu": {"pools": ["ADA_24"], "count": 1},
        "workers": {"min": 0, "max": 5, "idleTimeout": 5},
        "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
        "timeout": 600_000,
        "flashboot": "FLASHBOOT",
    }
    assert asking.post(f"{REST}/serverless", json=body | {"gpus": 1}).status_code == 422
    identity = asking.post(f"{REST}/serverless", json=body).json()["id"]
    asked = f"https://api.runpod.ai/v2/{identity}"
    job = asking.post(f"{asked}/run", json={"input": {"a": 1}}).json()
    assert job["status"] == "IN_QUEUE"
    assert asking.get(f"{asked}/health").json() == {
        "jobs": {"inQueue": 1, "inProgress": 0},
        "workers": {"idle": 0, "running": 0},
    }
    assert asking.get(f"{asked}/status/nowhere").status_code == 404
    assert asking.get(f"{asked}/status/{job['id']}", headers={"Authorization": ""}).status_code == 401
    assert asking.post(f"{asked}/run", json={"input": {"a": "x" * 10_000_001}}).status_code == 413
    assert asking.post(f"{asked}/cancel/{job['id']}").json()["status"] == "CANCELLED"


def test_a_result_is_kept_for_half_an_hour(fake: FakeRunPod, asking: httpx.Client, clock: ManualClock) -> None:
    fake.endpoints["ep"] = Endpoint(clock, lambda event: (each for each in [{"seq": 0}]), delay=0)
    asked = "https://api.runpod.ai/v2/ep"
    identity = asking.post(f"{asked}/run", json={"input": {}}).json()["id"]
    assert eventually(lambda: asking.get(f"{asked}/status/{identity}").json()["status"] == "COMPLETED")
    assert asking.get(f"{asked}/stream/{identity}").json()["stream"] == [{"output": {"seq": 0}}]
    assert asking.get(f"{asked}/stream/{identity}").json()["stream"] == []
    clock.advance(1801)
    assert asking.get(f"{asked}/status/{identity}").status_code == 404


# --- over real sockets, with real workers


@pytest.fixture(scope="module")
def served() -> Iterator[ServedRunPod]:
    timing = Timing(provisioning=0.2, starting=0.2, silent=0.2)
    found = ServedRunPod(FakeRunPod(SYSTEM, LocalMachines(), timing=timing, quota=None))
    yield found
    found.close()


@pytest.fixture(scope="module")
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def config(served: ServedRunPod) -> SourceConfig:
    return SourceConfig(
        "runpod-pod",
        key=KEY,
        secret="a secret of the site",
        pod=PodSpec("org/worker:1.4.0", prefix="gaze-real-"),
        deadlines=Deadlines(poll=0.2),
        rest=served.rest,
        serverless=served.serverless,
        proxy=served.proxy,
    )


def portrait(pixels: NDArray[np.uint8], attempt: int = 1, levels: tuple[str, ...] = ("preview",)) -> Job:
    return Job("real", attempt, RenderRequest(encoded(pixels), frame=Size(120, 150), levels=levels))


@pytest.mark.slow
def test_a_real_worker_on_a_rented_pod_renders_a_portrait(
    config: SourceConfig, served: ServedRunPod, ledger: MemoryLedger, astronaut: NDArray[np.uint8]
) -> None:
    source = build(config, ledger)
    files: set[str] = set()
    phases: list[str] = []
    for step in source.render(portrait(astronaut)):
        phases += [step.phase] if step.phase else []
        for file in step.files:
            assert file.path.read_bytes()[8:12] == b"WEBP"
            files.add(file.name)
    assert step.progress.stage == "done"
    assert files == {"poster.webp", "preview.webp"}
    assert phases[0] == "provisioning"
    assert phases[-1] == "ready"
    assert "booting" in phases
    assert ledger.bills[0].seconds > 0
    source.close()
    assert len(served.fake.paid()) == 1


@pytest.mark.slow
def test_the_rented_worker_can_be_cancelled_in_mid_render(
    config: SourceConfig, ledger: MemoryLedger, astronaut: NDArray[np.uint8]
) -> None:
    source, cancelled = build(config, ledger), threading.Event()
    steps = source.render(portrait(astronaut, attempt=2, levels=("preview", "full")), cancelled)
    while next(steps).progress.stage != "rendering":
        pass
    began = SYSTEM.now()
    cancelled.set()
    with pytest.raises(Cancelled) as told:
        list(steps)
    assert told.value.details == {"confirmed": True}
    assert SYSTEM.now() - began < 5
    source.close()


@pytest.mark.slow
def test_case_48_kill_9_of_a_real_worker_is_noticed_and_another_one_takes_over(
    config: SourceConfig, served: ServedRunPod, ledger: MemoryLedger, astronaut: NDArray[np.uint8]
) -> None:
    source = build(config, ledger)
    source._retry_policy = type(source._retry_policy)(silence=1.5, cancellation=0.5)
    steps = source.render(portrait(astronaut, attempt=3, levels=("preview", "full")))
    while next(steps).progress.stage != "rendering":
        pass
    served.fake.machines.started[-1].process.kill()
    with pytest.raises(WorkerLost):
        list(steps)
    assert [step.progress.stage for step in source.render(portrait(astronaut, attempt=4))][-1] == "done"
    assert len(served.fake.existing()) == 1
    source.terminate()
    assert served.fake.existing() == []
    assert Budget(5).spent(ledger, SYSTEM.now()) >= served.fake.cost()
    source.close()


@pytest.mark.slow
def test_a_real_serverless_worker_renders_a_portrait(
    config: SourceConfig, served: ServedRunPod, ledger: MemoryLedger, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    from dataclasses import replace

    jobs = JobTable(LocalWorker(tmp_path, size=2), tmp_path / "jobs")
    served.fake.endpoints["ep1"] = Endpoint(SYSTEM, Handler(jobs), delay=0.2)
    source = build(replace(config, kind="runpod-serverless", endpoint=EndpointSpec("ep1")), ledger)
    files = {f.name for step in source.render(portrait(astronaut, 5)) for f in step.files}
    assert files == {"poster.webp", "preview.webp"}
    source.close()
    jobs.close()
