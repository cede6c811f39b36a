"""Work that is done although a process died."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import OperationalError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from portraits import deletion
from portraits.files import storage
from portraits.models import PendingDeletion, Portrait, Render, Session, Upload, User
from portraits.queue import broker
from portraits.rendering import actors, sweeper
from tests.portraits import factories


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Messages that were put into the queue."""
    found: list[str] = []
    monkeypatch.setattr(actors.run_first_pass, "send", lambda: found.append("first pass"))
    return found


def sweep(on_commit: DjangoCaptureOnCommitCallbacks) -> None:
    with on_commit(execute=True):
        sweeper.sweep()


def test_case_44_a_render_that_was_never_enqueued_is_found(
    owner: User, given: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    factories.session(factories.portrait(owner))
    assert given == []
    sweep(django_capture_on_commit_callbacks)
    assert given == ["first pass"]


def test_a_silent_render_is_given_again(
    rendering: Session, given: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sweep(django_capture_on_commit_callbacks)
    assert given == []
    Render.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sweep(django_capture_on_commit_callbacks)
    assert given == ["first pass"]


def test_a_poison_render_is_given_up(
    rendering: Session, given: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    Render.objects.update(attempt=3, lease_until=timezone.now() - timedelta(seconds=1))
    sweep(django_capture_on_commit_callbacks)
    assert (Render.objects.get().state, given) == ("failed", [])


def test_case_33_photos_that_nobody_chose_and_expired_portraits_are_deleted_on_time(
    owner: User, portrait: Portrait, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    upload = factories.upload(owner)
    sweep(django_capture_on_commit_callbacks)
    assert (Upload.objects.count(), Portrait.objects.count()) == (1, 1)
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=1))
    Portrait.objects.update(expires_at=timezone.now())
    sweep(django_capture_on_commit_callbacks)
    assert (Upload.objects.count(), Portrait.objects.count()) == (0, 0)
    assert list(storage.keys()) == []
    assert upload.pk


def test_a_look_deletes_so_many_at_most_and_the_next_one_goes_on(
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """Renders of dead processes wait for the look that comes after."""
    monkeypatch.setattr(sweeper, "MOST_AT_ONCE", 2)
    for _ in range(3):
        factories.portrait(owner)
        factories.upload(owner)
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=1))
    Portrait.objects.update(expires_at=timezone.now())
    sweep(django_capture_on_commit_callbacks)
    assert (Upload.objects.count(), Portrait.objects.count()) == (1, 1)
    sweep(django_capture_on_commit_callbacks)
    assert (Upload.objects.count(), Portrait.objects.count()) == (0, 0)
    deletion.delete_pending_files()


def test_case_43_an_upload_whose_process_died_is_cleared_away(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    upload = factories.upload(owner)
    Upload.objects.update(stored=False, created_at=Upload.LONG_AGO)
    sweep(django_capture_on_commit_callbacks)
    assert not storage.exists(storage.photo_prefix(upload.pk) + storage.PHOTO)
    assert Upload.objects.count() == 0


def test_a_pending_deletion_is_repeated_until_no_late_process_can_put_anything_back(owner: User) -> None:
    PendingDeletion.create_for("renders/late/1/")
    storage.put("renders/late/1/q0.webp", b"first")
    deletion.delete_pending_files()
    storage.put("renders/late/1/q1.webp", b"late")
    deletion.delete_pending_files()
    assert list(storage.keys()) == []
    assert PendingDeletion.objects.exists()
    PendingDeletion.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    deletion.delete_pending_files()
    assert not PendingDeletion.objects.exists()


def test_a_database_that_is_away_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stopped = threading.Event()

    def away() -> None:
        stopped.set()
        raise OperationalError("the database is away")

    monkeypatch.setattr(sweeper, "sweep_renders", away)
    monkeypatch.setattr(sweeper, "close_old_connections", lambda: None)
    sweeper.run_until(stopped)
    assert "tries again" in caplog.text


def test_only_what_the_queue_has_lost_is_given_again(
    owner: User,
    given: list[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _ in range(3):
        factories.session(factories.portrait(owner))
    monkeypatch.setattr(broker, "length", lambda queue: 2)
    sweep(django_capture_on_commit_callbacks)
    assert given == ["first pass"]


def test_after_their_day_nothing_is_left_of_a_guest_not_even_in_mid_render(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    guest = factories.guest()
    browser = factories.browser_of(guest)
    output = factories.claimed(factories.session(factories.portrait(guest)))
    factories.store_level(output, ["preview"])
    factories.complete(factories.claimed(factories.session(factories.portrait(guest))))
    factories.upload(guest)
    sweep(django_capture_on_commit_callbacks)
    assert Portrait.objects.count() == 2
    over = timezone.now()
    User.objects.filter(pk=guest.pk).update(guest_until=over)
    Portrait.objects.update(expires_at=over)
    assert browser.get(f"/portraits/{output.render.session.portrait_id}/").status_code == 302
    sweep(django_capture_on_commit_callbacks)
    assert not output.render.finish(output)
    PendingDeletion.objects.update(created_at=over - timedelta(seconds=61))
    sweep(django_capture_on_commit_callbacks)
    assert list(storage.keys()) == []
    left = [model for model in apps.get_app_config("portraits").get_models() if model.objects.exists()]
    assert left == [User]
    assert User.objects.get() == owner
