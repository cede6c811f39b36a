"""One job process within this one: what it starts, and how it lets go of what is under way.

Whole processes are started, stopped and killed in tests/production.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from gazesite.processes import worker_process
from portraits.live import publisher
from portraits.queue import broker
from portraits.rendering import lease, sweeper, workers


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> worker_process.WorkerProcess:
    """Its queues and its worker do nothing."""
    monkeypatch.setattr(worker_process, "empty_scratch", lambda: None)
    monkeypatch.setattr(workers, "warm", lambda: None)
    monkeypatch.setattr(broker, "start_worker", lambda queue: [])
    monkeypatch.setattr(sweeper, "sweep_renders", lambda: None)
    monkeypatch.setattr(sweeper, "clean", lambda: None)
    monkeypatch.setattr(sweeper, "close_old_connections", lambda: None)
    return worker_process.WorkerProcess()


@pytest.fixture(autouse=True)
def open_again() -> object:
    yield
    workers._closing.clear()


def test_messages_to_pages_go_through_one_loop_while_it_lives(process: worker_process.WorkerProcess) -> None:
    process.start()
    assert publisher._loop is not None
    process.stop(grace=0)
    assert publisher._loop is None
    assert workers.closing()


def test_a_render_that_ends_within_its_grace_is_not_disturbed(
    process: worker_process.WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter([1, 1, 0, 0, 0])
    handed: list[bool] = []
    monkeypatch.setattr(lease, "count", lambda: next(counts))
    monkeypatch.setattr(lease, "hand_back_all", lambda: handed.append(True))
    process.start()
    process.stop(grace=5)
    assert handed == []


def test_one_that_does_not_is_handed_back(
    process: worker_process.WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = [1]
    monkeypatch.setattr(lease, "count", lambda: going_on[0])
    monkeypatch.setattr(lease, "hand_back_all", lambda: going_on.__setitem__(0, 0))
    process.start()
    process.stop(grace=0.1)
    assert going_on == [0]


def test_a_process_ends_with_whoever_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").touch()
    asked = threading.Event()
    with (tmp_path / "closed").open() as closed:
        monkeypatch.setattr(sys, "stdin", closed)
        worker_process._end_with_parent(asked)
    assert asked.is_set()
