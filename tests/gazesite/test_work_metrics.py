"""Job processes have a port of their own each, so that none of them is in the way of another."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from gazesite.management.commands.work import Command
from gazesite.processes import worker_process

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def test_process_n_listens_n_ports_further_on(settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    settings.METRICS_PORT = free - 2
    read: list[bytes] = []

    def run(demo_photo: Path | None) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{free}/metrics", timeout=60) as answer:
            read.append(answer.read())

    monkeypatch.setattr(worker_process, "run", run)
    Command()._run_one(2, None)
    assert b"gaze_render_attempts" in read[0]


def test_without_a_port_none_listens(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.METRICS_PORT = 0
    ran: list[int] = []
    monkeypatch.setattr(worker_process, "run", lambda demo_photo: ran.append(1))
    Command()._run_one(3, None)
    assert ran == [1]


def test_a_port_that_is_taken_is_a_sentence(settings: Settings, free: int) -> None:
    settings.METRICS_PORT = free
    with (
        socket.create_server(("127.0.0.1", free)),
        pytest.raises(CommandError, match=f"METRICS_PORT {free} of 127.0.0.1 cannot be used"),
    ):
        Command()._run_one(0, None)
