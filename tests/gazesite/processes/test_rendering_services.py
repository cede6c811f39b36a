"""Services of a rendering process: the same ones in the embedded site and in a worker process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gazesite.processes import embedded_services, worker_process
from gazesite.processes.embedded_services import EmbeddedServices
from gazesite.processes.rendering_services import RenderingServices
from gazesite.processes.worker_process import WorkerProcess
from portraits.queue import broker
from portraits.rendering import demo, gpu_reconciler, sweeper, workers
from portraits.uploads import validation

PHOTO = Path("photo.jpg")
PARTS = ["workers", "queue", "sweeper", "gpu", "demo"]


class Queue:
    """Queue worker that only records its end."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def stop(self, timeout: int) -> None:
        self._calls.append("queue stopped")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of the parts that were started and stopped; none of them does anything."""
    calls: list[str] = []

    def note(name: str) -> Callable[..., None]:
        return lambda *_arguments: calls.append(name)

    def start_worker(_broker: object) -> list[Queue]:
        calls.append("queue")
        return [Queue(calls)]

    monkeypatch.setattr(workers, "warm", note("workers"))
    monkeypatch.setattr(workers, "close", note("workers closed"))
    monkeypatch.setattr(broker, "start_worker", start_worker)
    monkeypatch.setattr(sweeper, "run_until", note("sweeper"))
    monkeypatch.setattr(gpu_reconciler, "start", note("gpu"))
    monkeypatch.setattr(demo, "make_first", note("demo"))
    monkeypatch.setattr(validation, "start", lambda: None)
    monkeypatch.setattr(validation, "stop", lambda: None)
    monkeypatch.setattr(embedded_services, "recover", lambda: None)
    monkeypatch.setattr(worker_process, "empty_scratch", lambda: None)
    yield calls
    workers._closing.clear()


def joined() -> None:
    """Wait for threads that record and end."""
    for thread in threading.enumerate():
        if thread.name in ("sweeper", "demo"):
            thread.join(10)


def test_the_embedded_site_starts_all_parts(calls: list[str]) -> None:
    services = EmbeddedServices(PHOTO)
    services.start()
    joined()
    assert sorted(calls) == sorted(PARTS)
    services.stop()


def test_a_worker_process_starts_the_same_parts(calls: list[str]) -> None:
    process = WorkerProcess(PHOTO)
    process.start()
    joined()
    assert sorted(calls) == sorted(PARTS)
    process.stop(grace=0)


def test_without_a_photo_no_demo_is_rendered(calls: list[str]) -> None:
    services = RenderingServices(None)
    services.start()
    joined()
    assert sorted(calls) == sorted(set(PARTS) - {"demo"})
    services.stop()


def test_a_stop_takes_nothing_new_and_ends_what_was_started(calls: list[str]) -> None:
    services = RenderingServices(None)
    services.start()
    joined()
    calls.clear()
    services.begin_stop()
    assert workers.closing()
    assert calls == []
    services.stop()
    assert calls == ["workers closed", "queue stopped"]
