"""Deleting people's things, everywhere: rows in one transaction, files by erasures written in the same one."""

from __future__ import annotations

import logging

from django.db import DatabaseError, transaction

from portraits.durable_commit import sync_commits
from portraits.files import storage
from portraits.live import publisher
from portraits.models import Erasure, Output, Portrait, Render, Session, Upload, User

log = logging.getLogger(__name__)


def remove_portrait(portrait: Portrait) -> None:
    """Remove the portrait with all its sessions, links and files; a process that renders it finds that it is gone."""
    with transaction.atomic():
        sessions = list(Session.objects.filter(portrait=portrait).values_list("pk", flat=True))
        outputs = Output.objects.filter(render__session__portrait=portrait)
        prefixes = [storage.photo_prefix(portrait.pk), *(output.prefix for output in outputs)]
        # Outputs of attempts that were given up may still wait for the sweeper.
        waiting = Erasure.objects.filter(portrait_id=portrait.pk)
        _erase_on_commit([*waiting, *Erasure.of(*prefixes, portrait_id=portrait.pk)])
        Session.objects.filter(portrait=portrait).update(shown=None)
        portrait.delete()
    for session_id in sessions:
        publisher.close_sockets_on(session_id)


def remove_upload(upload: Upload) -> None:
    """Remove a photo that was never chosen."""
    with transaction.atomic():
        gone, _ = Upload.objects.filter(pk=upload.pk).delete()
        # A portrait made from it in the meantime has taken the files over.
        if gone and not Portrait.objects.filter(pk=upload.pk).exists():
            _erase_on_commit(Erasure.of(storage.photo_prefix(upload.pk)))


def remove_user(user: User) -> None:
    """The account and everything of it."""
    for portrait in Portrait.objects.filter(owner=user):
        remove_portrait(portrait)
    for upload in Upload.objects.filter(owner=user):
        remove_upload(upload)
    user_id = user.pk
    user.delete()
    publisher.close_sockets_of(user_id)


def cancel_renders_of(user: User) -> None:
    """Before a ban: nothing more is made for them."""
    for render in Render.objects.unfinished().filter(session__portrait__owner=user):
        render.cancel()


def erase_pending(most: int | None = None) -> None:
    """Delete what rows no longer own, so many at most, each with its own turn; a second time once no late process can
    put anything back. Raises StorageUnavailable at once, and the first of other errors when all have been tried.
    """
    first_error: OSError | None = None
    sync_commits()
    for erasure in list(Erasure.objects.in_turn()[:most]):
        erasure.note_try()
        try:
            _erase(erasure)
        except storage.StorageUnavailable:
            raise
        except OSError as error:
            log.warning("%s could not be erased: %s", erasure.prefix, error)
            first_error = first_error or error
    if first_error is not None:
        raise first_error


def _erase(erasure: Erasure) -> None:
    storage.erase(erasure.prefix)
    if erasure.settled:
        erasure.delete()


def _erase_on_commit(erasures: list[Erasure]) -> None:
    """These only, because the person who deletes waits for it. Where storage is away, the sweeper does it later."""

    def erase() -> None:
        try:
            sync_commits()
            for erasure in erasures:
                _erase(erasure)
        except (OSError, DatabaseError):
            log.exception("deleted files are still in storage; the sweeper tries again")

    transaction.on_commit(erase)
