"""Messages to a page, and how they get there."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from gpuworker.errors import NoFace
from portraits.live import publisher
from portraits.models import Portrait, Render, Session
from portraits.models.session import SessionQuerySet


def test_a_snapshot_says_everything_of_a_run_in_the_making(rendering: Session) -> None:
    seen = publisher.snapshot(Session.objects.get())
    assert (seen["state"], seen["label"], seen["stage"]) == ("rendering", "Drawing every direction", "rendering")
    assert (seen["current"], seen["total"], seen["attempt"]) == (200, 936, 1)
    assert (seen["alive"], seen["complete"], seen["can_cancel"], seen["can_retry"]) == (True, False, True, False)
    assert seen["tiles"] == [{"name": "preview.webp", "state": "done"}]
    assert seen["log"][-1]["text"] == "Alive"
    assert seen["manifest"] == f"/sessions/{rendering.pk}/manifest.json"
    assert seen["position"] is seen["error"] is None


def test_the_time_that_is_left_comes_from_the_frames_so_far(rendering: Session) -> None:
    Render.objects.update(started_at=timezone.now() - timedelta(seconds=4))
    assert publisher.snapshot(Session.objects.get())["eta_seconds"] == pytest.approx(4 / 200 * 736 + 1, abs=0.5)
    Render.objects.update(current=10)
    assert publisher.snapshot(Session.objects.get())["eta_seconds"] is None


def test_a_failure_has_its_code_and_sentence(rendering: Session) -> None:
    render = rendering.first_render
    assert render.fail(render.attempt, NoFace())
    seen = publisher.snapshot(Session.objects.get())
    assert seen["error"] == {"code": "no_face", "sentence": NoFace.sentence_default}
    assert (seen["label"], seen["can_retry"]) == ("Failed", True)


def test_a_whole_portrait_is_ready(portrait: Portrait) -> None:
    seen = publisher.snapshot(portrait.sessions.get())
    assert (seen["state"], seen["complete"], seen["can_cancel"], seen["can_retry"]) == ("ready", True, False, False)


def test_every_message_has_a_higher_number(
    rendering: Session,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    told: list[int] = []
    monkeypatch.setattr(publisher, "_send", lambda message: told.append(message["sequence"]))
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            publisher.publish(rendering.pk)
    assert told == sorted(set(told))


def test_a_message_says_what_the_rows_say_once_it_has_its_number(
    rendering: Session,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(publisher, "_send", told.append)
    real = SessionQuerySet.bump

    def bump_late(sessions: SessionQuerySet) -> bool:
        """Another process's change comes in between."""
        bumped = real(sessions)
        Render.objects.update(current=300)
        return bumped

    monkeypatch.setattr(SessionQuerySet, "bump", bump_late)
    with django_capture_on_commit_callbacks(execute=True):
        publisher.publish(rendering.pk)
    assert json.loads(told[0]["snapshot"])["current"] == 300
    assert json.loads(told[0]["snapshot"])["sequence"] == told[0]["sequence"] == 1


def test_a_session_that_is_gone_is_told_to_nobody(
    rendering: Session,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(publisher, "_send", told.append)
    with django_capture_on_commit_callbacks(execute=True):
        publisher.publish(type(rendering)().pk)
    assert told == []


async def test_messages_hop_to_the_servers_loop_without_waiting() -> None:
    layer = get_channel_layer()
    assert layer is not None
    publisher.use_loop(asyncio.get_running_loop())
    try:
        await layer.group_add(publisher.GROUP, "channel")
        await asyncio.to_thread(publisher._send, {"user": 1})
        assert await asyncio.wait_for(layer.receive("channel"), 60) == {"user": 1}
    finally:
        await layer.group_discard(publisher.GROUP, "channel")
        publisher.use_loop(None)


def test_every_stage_of_the_worker_has_a_label() -> None:
    from typing import get_args

    from gpuworker.contract import Stage

    assert set(get_args(Stage)) <= set(publisher.STAGES)
