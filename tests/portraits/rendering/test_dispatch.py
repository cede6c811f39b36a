"""Start, cancel, retry: messages to the queue and to pages."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gpuworker.contract import LARGE_FRAME
from portraits.live import publisher
from portraits.models import Charge, Render, Session, User
from portraits.rendering import actors, dispatch
from tests.portraits import factories


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(actors.run_first_pass, "send", lambda: found.append("first pass"))
    return found


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Snapshots that pages were sent."""
    found: list[dict[str, object]] = []
    monkeypatch.setattr(publisher, "_send", lambda message: found.append(json.loads(message["snapshot"])))
    return found


def test_a_start_is_one_session_one_render_one_charge_and_queued_on_commit(
    owner: User, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        session = dispatch.start(factories.portrait(owner), intensity=0.6, frame=LARGE_FRAME)
        assert sent == []
    assert sent == ["first pass"]
    request = session.request(b"photo", "warp")
    assert (request.intensity, request.frame, request.face, request.framing) == (0.6, LARGE_FRAME, 0, "auto")
    assert not request.remove_background
    assert (Session.objects.count(), Render.objects.count(), Charge.objects.get().state) == (1, 1, "reserved")


def test_a_start_that_is_rolled_back_queues_nothing(
    owner: User, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    portrait = factories.portrait(owner)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        dispatch.start(portrait)
        transaction.set_rollback(True)
    assert sent == []


def test_a_cancel_is_told_once_and_only_when_it_holds(
    rendering: Session,
    told: list[dict[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert dispatch.cancel(rendering)
        assert told == []
    assert [(each["state"], each["alive"]) for each in told] == [("cancelled", False)]
    with django_capture_on_commit_callbacks(execute=True):
        assert not dispatch.cancel(Session.objects.get())
    assert len(told) == 1


def test_a_retry_is_queued_and_told(
    rendering: Session,
    sent: list[str],
    told: list[dict[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    dispatch.cancel(rendering)
    with django_capture_on_commit_callbacks(execute=True):
        assert dispatch.retry(Session.objects.get())
        assert told == []
    assert sent == ["first pass"]
    assert [each["state"] for each in told] == ["queued"]
    assert not dispatch.retry(Session.objects.get())


def test_where_there_is_a_gpu_source_a_second_pass_is_queued_beside_the_first(
    owner: User,
    sent: list[str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    refinements: list[str] = []
    monkeypatch.setattr(actors.run_refinement, "send", lambda: refinements.append("refined pass"))
    settings.GPU_SOURCE = "runpod-pod"
    with django_capture_on_commit_callbacks(execute=True):
        session = dispatch.start(factories.portrait(owner), remove_background=True)
    assert all(session.request(b"photo", render.engine).remove_background for render in session.renders.all())
    assert session.refinement is not None
    assert (session.refinement.engine, session.refinement.source) == ("liveportrait", "runpod-pod")
    assert sent == ["first pass"]
    assert refinements == ["refined pass"]
    assert Charge.objects.filter(state="reserved").count() == 2
    assert dispatch.cancel(Session.objects.get())
    assert {render.state for render in Render.objects.all()} == {"cancelled"}


@pytest.mark.parametrize(("operator_says_so", "kinds"), [(False, {"rig"}), (True, {"rig", "refinement"})])
def test_a_guests_portrait_costs_no_gpu_unless_the_operator_says_so(
    db: None, settings: Settings, operator_says_so: bool, kinds: set[str]
) -> None:
    settings.GPU_SOURCE, settings.GUEST_GPU = "runpod-pod", operator_says_so
    session = dispatch.start(factories.portrait(factories.guest()))
    assert {render.kind for render in session.renders.all()} == kinds


def test_case_51_a_queue_that_is_away_keeps_nothing_from_starting(
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def away() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(actors.run_first_pass, "send", away)
    with django_capture_on_commit_callbacks(execute=True):
        session = dispatch.start(factories.portrait(owner))
    assert session.first_render.state == "queued"
