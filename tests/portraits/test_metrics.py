"""Metrics: counts of uploads and renders, and gauges that are read from the rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY

from gpuworker.errors import WorkerDied
from portraits import metrics
from portraits.models import Render, User
from portraits.rendering import attempt
from portraits.uploads import lifecycle
from tests.portraits import factories


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def row(name: str, **labels: str) -> float | None:
    return metrics.ROWS.get_sample_value(name, labels)


def test_a_refused_upload_is_counted_by_its_code(as_owner: Client) -> None:
    before = counted("gaze_uploads_total", outcome="photo_missing")
    as_owner.post("/upload/", {"consent": "on"})
    assert counted("gaze_uploads_total", outcome="photo_missing") == before + 1


def test_an_accepted_upload_is_counted(as_owner: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counted("gaze_uploads_total", outcome="accepted")
    monkeypatch.setattr(lifecycle, "create_upload", lambda *arguments: factories.upload(owner))
    photo = SimpleUploadedFile("photo.png", b"a photo", "image/png")
    assert as_owner.post("/upload/", {"photo": photo, "consent": "on"}).status_code == 302
    assert counted("gaze_uploads_total", outcome="accepted") == before + 1


def test_a_finished_attempt_is_counted_with_its_seconds(owner: User) -> None:
    output = factories.claimed(factories.session(factories.portrait(owner)))
    factories.complete(output)
    labels = {"kind": "rig", "engine": "warp", "source": "child"}
    before = counted("gaze_render_attempts_total", **labels, state="ready", code="")
    timed = counted("gaze_render_seconds_count", **labels)
    metrics.attempt_ended(Render.objects.get())
    assert counted("gaze_render_attempts_total", **labels, state="ready", code="") == before + 1
    assert counted("gaze_render_seconds_count", **labels) == timed + 1


def test_an_attempt_that_fails_is_counted_by_its_code_and_not_timed(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*arguments: object) -> None:
        raise WorkerDied

    factories.session(factories.portrait(owner))
    Render.objects.update(attempts_allowed=1)
    monkeypatch.setattr(attempt, "_attempt", dies)
    labels = {"kind": "rig", "engine": "warp", "source": "child"}
    before = counted("gaze_render_attempts_total", **labels, state="failed", code=WorkerDied.code)
    timed = counted("gaze_render_seconds_count", **labels)
    attempt.run_next("rig")
    assert counted("gaze_render_attempts_total", **labels, state="failed", code=WorkerDied.code) == before + 1
    assert counted("gaze_render_seconds_count", **labels) == timed


@pytest.mark.django_db
def test_an_empty_site_has_nothing_waiting() -> None:
    assert row("gaze_queue_wait_seconds", kind="rig") == 0
    assert row("gaze_rows_readable") == 1


def test_waiting_and_running_renders_are_told_by_engine_and_state(owner: User) -> None:
    factories.session(factories.portrait(owner))
    factories.session(factories.portrait(owner))
    factories.claimed(factories.session(factories.portrait(owner)))
    Render.objects.waiting().update(queued_at=timezone.now() - timedelta(seconds=90))
    assert row("gaze_renders", kind="rig", engine="warp", state="queued") == 2
    assert row("gaze_renders", kind="rig", engine="warp", state="starting") == 1
    assert 90 <= (row("gaze_queue_wait_seconds", kind="rig") or 0) < 120


def test_finished_renders_are_not_counted_among_them(owner: User) -> None:
    factories.complete(factories.claimed(factories.session(factories.portrait(owner))))
    assert row("gaze_renders", kind="rig", engine="warp", state="ready") is None


def test_without_a_database_the_rest_can_still_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(Render.objects, "unfinished", away)
    assert row("gaze_rows_readable") == 0
