"""Admin page for the GPU: operators see it and stop it, for a reason that is kept."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from gazesite.management.commands import gpu
from portraits.models import AuditEntry, User
from tests.gazesite.rented import rented
from tests.runpod.fake import FakeRunPod

PAGE = "/admin/gpu/"
PAID = ("PROVISIONING", "STARTING", "RUNNING")


@pytest.fixture
def fake(settings: Settings, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRunPod]:
    monkeypatch.setattr(gpu, "POLL_SECONDS", 0.05)
    with rented(settings) as provider:
        yield provider


def start() -> None:
    """A rented machine, and nobody who still writes: SQLite in memory locks whole tables for other threads."""
    call_command("gpu", "start", stdout=io.StringIO())
    for thread in threading.enumerate():
        if thread.name == "warm-pod":
            thread.join(30)


def test_case_29_others_are_refused(
    as_moderator: Client, as_owner: Client, anonymous: Client, settings: Settings
) -> None:
    settings.GPU_SOURCE = "none"
    assert as_moderator.get(PAGE).status_code == 403
    assert as_moderator.post(PAGE, {"reason": "why"}).status_code == 403
    assert as_owner.get(PAGE, follow=True).status_code == 403
    assert anonymous.get(PAGE).status_code == 302


def test_without_a_gpu_it_says_so_and_has_no_button(as_operator: Client, settings: Settings) -> None:
    settings.GPU_SOURCE = "none"
    page = as_operator.get(PAGE)
    assert "No GPU is configured" in page.text
    assert "Stop the GPU" not in page.text
    as_operator.post(PAGE, {"reason": "why"})
    assert not AuditEntry.objects.exists()


def test_it_says_what_runs_what_it_costs_and_what_was_spent(fake: FakeRunPod, as_operator: Client) -> None:
    assert "No GPU is rented" in as_operator.get(PAGE).text
    start()
    page = as_operator.get(PAGE).text
    assert fake.existing()[0].id in page
    assert "$0.44 an hour" in page
    assert "of $5.00" in page


def test_the_button_stops_what_costs_and_the_reason_is_kept(
    fake: FakeRunPod, as_operator: Client, operator: User
) -> None:
    start()
    page = as_operator.post(PAGE, {"reason": "It renders nonsense."}, follow=True)
    assert "Everything that costs is stopped." in page.text
    assert [pod.status for pod in fake.existing() if pod.status in PAID] == []
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == (operator, "stop-gpu", "It renders nonsense.")


def test_without_a_reason_nothing_is_stopped(fake: FakeRunPod, as_operator: Client) -> None:
    start()
    page = as_operator.post(PAGE, {"reason": " "})
    assert page.status_code == 200
    assert [pod.status for pod in fake.existing()] == ["RUNNING"]
    assert not AuditEntry.objects.exists()


def test_a_provider_that_refuses_is_a_sentence_on_the_page(
    fake: FakeRunPod, as_operator: Client, settings: Settings
) -> None:
    settings.RUNPOD_API_KEY = "rpa_WRONG"
    page = as_operator.get(PAGE)
    assert page.status_code == 200
    assert "rpa_WRONG" not in page.text
    assert "Stop the GPU" in page.text
    page = as_operator.post(PAGE, {"reason": "It costs."}, follow=True)
    assert "It was not stopped" in page.text
    assert AuditEntry.objects.count() == 1


def test_operators_find_the_page_in_the_admin_and_moderators_do_not(as_operator: Client, as_moderator: Client) -> None:
    assert PAGE in as_operator.get("/admin/").text
    assert PAGE not in as_moderator.get("/admin/").text
