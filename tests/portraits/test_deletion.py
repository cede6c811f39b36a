"""Deletion: rows at once, files with them, nothing left."""

from __future__ import annotations

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from portraits import deletion
from portraits.files import storage
from portraits.live import publisher
from portraits.models import Charge, Output, PendingDeletion, Portrait, Render, Session, ShareLink, Upload, User
from portraits.uploads import lifecycle
from tests.portraits import factories


def test_case_72_a_deleted_portrait_leaves_no_row_and_no_byte(
    portrait: Portrait, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ShareLink.create_for(portrait)
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_portrait(portrait)
    assert list(storage.keys()) == []
    models = (Portrait, Session, Render, Charge, ShareLink)
    assert [model.objects.count() for model in models] == [0] * len(models)


def test_case_72_files_of_attempts_that_were_given_up_go_with_the_portrait(
    portrait: Portrait, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    given_up = Output.objects.get()
    assert list(storage.keys(given_up.prefix))
    given_up.render._delete_outputs(but=None)
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_portrait(portrait)
    assert list(storage.keys()) == []


def test_sockets_of_a_deleted_portrait_are_closed_once_and_not_before_its_rows_are_gone(
    portrait: Portrait,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sent: list[dict[str, object]] = []
    monkeypatch.setattr(publisher, "_send", sent.append)
    session_id = portrait.sessions.get().pk
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_portrait(portrait)
        assert sent == []
    assert sent == [{"session": str(session_id)}]


def test_a_deleted_user_leaves_nothing_and_others_keep_theirs(
    owner: User, stranger: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for person in (owner, stranger):
        factories.complete(factories.claimed(factories.session(factories.portrait(person))))
        factories.upload(person)
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_user(owner)
    assert Portrait.objects.get().owner == Upload.objects.get().owner == stranger
    assert not User.objects.filter(pk=owner.pk).exists()


def test_storage_that_is_away_does_not_stop_a_deletion(
    portrait: Portrait,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away(prefix: str) -> int:
        raise OSError("storage is away")

    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(storage, "delete", away)
        deletion.delete_portrait(portrait)
    assert not Portrait.objects.exists()
    deletion.delete_pending_files()
    assert list(storage.keys()) == []


def test_a_file_that_cannot_be_erased_keeps_no_other_in_storage(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    erase = storage.delete

    def refuses(prefix: str) -> int:
        if prefix == "renders/a/1/":
            raise PermissionError("somebody changed the owner")
        return erase(prefix)

    storage.put("renders/b/1/q0.webp", b"x")
    PendingDeletion.create_for("renders/a/1/", "renders/b/1/")
    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", refuses)
        with pytest.raises(PermissionError):
            deletion.delete_pending_files()
    assert list(storage.keys()) == []


def test_what_was_tried_longest_ago_is_next_however_many_wait(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(storage, "delete", tried.append)
    PendingDeletion.create_for(*(f"renders/{number}/1/" for number in range(5)))
    for _ in range(3):
        deletion.delete_pending_files(2)
    assert [prefix.split("/")[1] for prefix in tried] == ["0", "1", "2", "3", "4", "0"]


def test_whoever_deletes_waits_for_their_own_files_only(
    portrait: Portrait,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replaced = PendingDeletion.objects.get().prefix  # that of the first pass, by the sheets
    PendingDeletion.create_for(*(f"renders/{number}/1/" for number in range(100)))
    own = {storage.photo_prefix(portrait.pk), Output.objects.get().prefix, replaced}
    erased: list[str] = []
    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(storage, "delete", erased.append)
        deletion.delete_portrait(portrait)
    assert set(erased) == own
    deletion.delete_pending_files()


def test_an_upload_that_has_become_a_portrait_keeps_its_files(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    upload = factories.upload(owner)
    lifecycle.create_portrait(upload, lifecycle.PortraitOptions(lifecycle.suggested(upload)))
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_upload(upload)
    assert storage.exists(storage.photo_prefix(upload.pk) + storage.PHOTO)
    assert not PendingDeletion.objects.exists()


def test_a_ban_cancels_what_is_under_way(rendering: Session, owner: User) -> None:
    deletion.cancel_renders_of(owner)
    assert Render.objects.get().state == "cancelled"


def test_what_a_user_adds_while_they_are_being_deleted_leaves_nothing_either(
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """The fixture `agreement` finds files without a row."""
    factories.upload(owner)
    delete_upload = deletion.delete_upload

    def meanwhile(upload: Upload) -> None:
        delete_upload(upload)
        monkeypatch.setattr(deletion, "delete_upload", delete_upload)
        factories.upload(owner)

    monkeypatch.setattr(deletion, "delete_upload", meanwhile)
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_user(owner)
    assert (User.objects.count(), Upload.objects.count()) == (0, 0)
    assert list(storage.keys()) == []


def test_a_guest_who_goes_on_at_the_last_moment_is_not_deleted(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    guest = factories.guest()
    portrait = factories.portrait(guest)
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_ended_guest(guest)
    assert Portrait.objects.get() == portrait
    User.objects.update(guest_until=guest.date_joined)
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_ended_guest(guest)
    assert (User.objects.count(), Portrait.objects.count()) == (0, 0)
    assert list(storage.keys()) == []
