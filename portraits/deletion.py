"""Deletion of portraits, uploads and users: rows in one transaction, with a PendingDeletion for their files."""

from __future__ import annotations

import logging

from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from portraits.durable_commit import sync_commits
from portraits.files import storage
from portraits.live import publisher
from portraits.models import Output, PendingDeletion, Portrait, Render, Session, Upload, User

log = logging.getLogger(__name__)


def delete_portrait(portrait: Portrait) -> None:
    """Delete the portrait with all its sessions, links and files; a process that renders it finds that it is gone."""
    with transaction.atomic():
        sessions = list(Session.objects.filter(portrait=portrait).values_list("pk", flat=True))
        outputs = Output.objects.filter(render__session__portrait=portrait)
        prefixes = [storage.photo_prefix(portrait.pk), *(output.prefix for output in outputs)]
        # Outputs of attempts that were given up may still wait for the sweeper.
        waiting = PendingDeletion.objects.filter(portrait_id=portrait.pk)
        _delete_files_on_commit([*waiting, *PendingDeletion.create_for(*prefixes, portrait_id=portrait.pk)])
        Session.objects.filter(portrait=portrait).update(shown=None)
        portrait.delete()
    for session_id in sessions:
        publisher.close_sockets_on(session_id)


def delete_upload(upload: Upload) -> None:
    """Delete a photo that was never chosen."""
    with transaction.atomic():
        gone, _ = Upload.objects.filter(pk=upload.pk).delete()
        # A portrait made from it in the meantime has taken the files over.
        if gone and not Portrait.objects.filter(pk=upload.pk).exists():
            _delete_files_on_commit(PendingDeletion.create_for(storage.photo_prefix(upload.pk)))


def delete_user(user: User) -> None:
    """Delete the account with everything in it."""
    _delete_everything_of(user)  # one by one before the lock, for which renders that begin would have to wait
    _delete_users(User.objects.filter(pk=user.pk))


def delete_ended_guest(guest: User) -> None:
    """Delete a guest with everything of theirs, unless they have begun something new in the meantime."""
    _delete_users(User.objects.ended_guests().filter(pk=guest.pk))


def _delete_users(users: QuerySet[User]) -> None:
    """Delete them under a lock: what an upload adds at that moment is deleted too, or its owner is gone."""
    with transaction.atomic():
        for user in users.select_for_update():
            _delete_everything_of(user)
            user_id = user.pk
            user.delete()
            publisher.close_sockets_of(user_id)


def _delete_everything_of(user: User) -> None:
    for portrait in Portrait.objects.filter(owner=user):
        delete_portrait(portrait)
    for upload in Upload.objects.filter(owner=user):
        delete_upload(upload)


def cancel_renders_of(user: User) -> None:
    """Cancel every unfinished render of a user who is banned."""
    for render in Render.objects.unfinished().filter(session__portrait__owner=user):
        render.cancel()


def delete_pending_files(most: int | None = None) -> None:
    """Delete files that no row owns any more, of at most so many PendingDeletions, the longest untried first.

    Each is tried again until no late process can put a file back. Raises StorageUnavailable at once, and the first
    of other errors when all have been tried.
    """
    first_error: OSError | None = None
    sync_commits()
    for pending in list(PendingDeletion.objects.least_recently_tried_first()[:most]):
        pending.mark_tried()
        try:
            _delete_files(pending)
        except storage.StorageUnavailable:
            raise
        except OSError as error:
            log.warning("%s could not be deleted: %s", pending.prefix, error)
            first_error = first_error or error
    if first_error is not None:
        raise first_error


def _delete_files(pending: PendingDeletion) -> None:
    storage.delete(pending.prefix)
    if pending.settled:
        pending.delete()


def _delete_files_on_commit(deletions: list[PendingDeletion]) -> None:
    """Delete these only, because the person who deletes waits for it; the sweeper does it where storage is away."""

    def delete() -> None:
        try:
            sync_commits()
            for pending in deletions:
                _delete_files(pending)
        except (OSError, DatabaseError):
            log.exception("deleted files are still in storage; the sweeper tries again")

    transaction.on_commit(delete)
