"""`manage.py gpu` against the fake provider: start, status, logs -f, stop, and a start that sends nothing."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gazesite.management.commands import gpu
from gpuworker.fleet.ledger import MemoryLedger
from portraits.rendering import workers
from tests.gazesite.rented import rented
from tests.runpod.fake import KEY, FakeRunPod

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]  # each runs a command against a provider


@pytest.fixture
def fake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRunPod]:
    monkeypatch.setattr(gpu, "POLL_SECONDS", 0.05)
    # The thread that warms the pod writes while the command reads: a database in SQLite's memory, as the tests'
    # is, refuses that at once, where a file waits. test_ledger.py holds the two ledgers to the same.
    ledger = MemoryLedger()
    monkeypatch.setattr(workers, "DatabaseLedger", lambda: ledger)
    with rented(settings) as provider:
        yield provider


def told(*words: str) -> str:
    """Output of the command."""
    out = io.StringIO()
    call_command("gpu", *words, stdout=out, stderr=out)
    return out.getvalue()


def statuses(fake: FakeRunPod) -> list[str]:
    return [pod.status for pod in fake.existing()]


def test_start_waits_until_it_is_warm_and_says_each_phase(fake: FakeRunPod) -> None:
    printed = told("start")
    assert printed.splitlines()[-1].startswith("runpod-pod: The GPU is ready; ")
    assert "RTX 4090, $0.44 an hour" in printed
    assert statuses(fake) == ["RUNNING"]


def test_a_second_start_rents_nothing_more(fake: FakeRunPod) -> None:
    told("start")
    told("start")
    assert len(fake.existing()) == 1


def test_status_says_what_runs_and_what_was_spent(fake: FakeRunPod) -> None:
    assert told("status") == "runpod-pod: No GPU is rented; $0.00 of $5.00 spent today.\n"
    told("start")
    printed = told("status")
    assert fake.existing()[0].id in printed
    assert "of $5.00 spent today" in printed


def test_stop_ends_the_cost(fake: FakeRunPod) -> None:
    told("start")
    assert "No GPU is rented" in told("stop")
    assert [status for status in statuses(fake) if status in ("PROVISIONING", "STARTING", "RUNNING")] == []


@pytest.mark.parametrize("words", [("logs",), ("logs", "-f"), ("logs", "--follow")])
def test_logs_are_the_pod_s(fake: FakeRunPod, words: tuple[str, ...]) -> None:
    told("start")
    assert len(told(*words).splitlines()) >= 1


def test_without_a_pod_there_is_no_log(fake: FakeRunPod) -> None:
    with pytest.raises(CommandError, match="no pod whose log could be read"):
        told("logs")


def test_where_nothing_can_be_rented_start_says_so_and_ends(fake: FakeRunPod, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "OFF_SECONDS", 0.5)
    for kind in fake.gpus.values():
        kind.stock = 0
    with pytest.raises(CommandError, match="No GPU could be started"):
        told("start")
    assert fake.existing() == []


def test_a_wrong_key_is_a_sentence(fake: FakeRunPod, settings: Settings) -> None:
    settings.RUNPOD_API_KEY = "rpa_WRONG"
    with pytest.raises(CommandError) as refused:
        told("status")
    assert "rpa_WRONG" not in str(refused.value)
    assert str(refused.value).endswith((".", ")"))


@pytest.mark.parametrize("words", [("start",), ("status",), ("logs",), ("stop",), ("start", "--dry-run")])
def test_without_a_gpu_it_says_which_setting_names_one(settings: Settings, words: tuple[str, ...]) -> None:
    settings.GPU_SOURCE = "none"
    with pytest.raises(CommandError, match="GPU_SOURCE is not set"):
        told(*words)


def test_a_dry_run_prints_the_requests_that_a_start_would_send_and_sends_none(
    fake: FakeRunPod, settings: Settings
) -> None:
    printed = told("start", "--dry-run")
    assert fake.asked == []
    heads = [line.partition("?")[0] for line in printed.splitlines() if re.match(r"(GET|POST) http", line)]
    assert len(heads) == 4
    told("start")
    root = settings.RUNPOD_REST_URL.removesuffix("/rest/v2")
    sent = {f"{method} {root}{path}".partition("?")[0] for method, path in fake.asked}
    assert set(heads[:3]) <= sent
    assert heads[3].endswith("-8000/health")


def test_a_dry_run_shows_the_order_whole_and_no_secret(fake: FakeRunPod, settings: Settings) -> None:
    printed = told("start", "--dry-run")
    body = printed[printed.index("POST ") :]
    order = json.loads(body[body.index("{") : body.index("\n}") + 2])
    told("start")
    ordered = fake.existing()[0].body
    assert set(order) == set(ordered)
    assert set(order["env"]) == set(ordered["env"])
    assert {key: order[key] for key in order if key not in ("name", "env")} == {
        key: ordered[key] for key in ordered if key not in ("name", "env")
    }
    assert order["env"]["WORKER_TOKEN"] == "********"
    assert KEY not in printed
    assert "Authorization: Bearer ********" in printed


def test_a_dry_run_of_a_source_that_rents_nothing_says_so(settings: Settings) -> None:
    settings.GPU_SOURCE = "url"
    settings.GPU_WORKER_URL = "http://127.0.0.1:9"
    settings.GPU_WORKER_TOKEN = "of-the-worker-0123456789"
    with pytest.raises(CommandError, match="rents nothing beforehand"):
        told("start", "--dry-run")
