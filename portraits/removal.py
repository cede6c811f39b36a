"""Deleting people's things, everywhere: rows in one transaction, files by erasures written in the same one."""

from __future__ import annotations

import logging

from django.db import transaction

from portraits import progress, storage
from portraits.models import Erasure, Output, Portrait, Render, Session, Upload, User

log = logging.getLogger(__name__)


def remove_portrait(portrait: Portrait) -> None:
    """With all its sessions, links and files; whoever renders it finds that it is gone."""
    with transaction.atomic():
        sessions = list(Session.objects.filter(portrait=portrait).values_list("pk", flat=True))
        outputs = Output.objects.filter(render__session__portrait=portrait)
        Erasure.of(storage.photo_prefix(portrait.pk), *(output.prefix for output in outputs))
        Session.objects.filter(portrait=portrait).update(shown=None)
        portrait.delete()
    _erase_soon()
    for session_id in sessions:
        progress.close_sockets_on(session_id)


def remove_upload(upload: Upload) -> None:
    """A photo that nobody chose."""
    with transaction.atomic():
        gone, _ = Upload.objects.filter(pk=upload.pk).delete()
        # A portrait made from it in the meantime has taken the files over.
        if gone and not Portrait.objects.filter(pk=upload.pk).exists():
            Erasure.of(storage.photo_prefix(upload.pk))
    _erase_soon()


def remove_user(user: User) -> None:
    """The account and everything of it."""
    for portrait in Portrait.objects.filter(owner=user):
        remove_portrait(portrait)
    for upload in Upload.objects.filter(owner=user):
        remove_upload(upload)
    user_id = user.pk
    user.delete()
    progress.close_sockets_of(user_id)


def cancel_renders_of(user: User) -> None:
    """Before a ban: nothing more is made for them."""
    for render in Render.objects.unfinished().filter(session__portrait__owner=user):
        render.cancel()


def erase_pending() -> None:
    """Delete what rows no longer own; a second time once no late process can put anything back. Raises OSError."""
    for erasure in Erasure.objects.all():
        storage.erase(erasure.prefix)
        if erasure.settled:
            erasure.delete()


def _erase_soon() -> None:
    """On commit. Where storage is away, the sweeper does it later."""
    transaction.on_commit(_try_to_erase)


def _try_to_erase() -> None:
    try:
        erase_pending()
    except OSError:
        log.exception("deleted files are still in storage; the sweeper tries again")
