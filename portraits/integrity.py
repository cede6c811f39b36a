"""Consistency check of rows, stored files and their hashes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portraits.files import storage
from portraits.models import Charge, Output, PendingDeletion, Portrait, Render, Session, Upload
from portraits.rendering import demo


@dataclass(frozen=True)
class Difference:
    """Inconsistency between the database and the storage, or inside the database."""

    code: str
    """One of `missing`, `altered`, `orphan`, `charge`, `shown`."""
    subject: str
    """Key or row concerned."""

    def __str__(self) -> str:
        return f"{self.code}: {self.subject}"


def differences() -> Iterator[Difference]:
    """All inconsistencies. Files of running attempts and of pending deletions may come and go; scripts have no row."""
    expected = dict(_expected())
    stored = set(storage.keys())
    for key, sha256 in expected.items():
        if key not in stored:
            yield Difference("missing", key)
        elif storage.sha256(key) != sha256:
            yield Difference("altered", key)
    changing = tuple(_changing_prefixes())
    for key in sorted(stored - set(expected)):
        if not key.startswith(changing):
            yield Difference("orphan", key)
    yield from _rows()


def _expected() -> Iterator[tuple[str, str]]:
    """Key and SHA-256 of each file that must exist."""
    owners: list[Upload | Portrait] = [*Upload.objects.filter(stored=True), *Portrait.objects.all()]
    for owner in owners:
        yield storage.photo_prefix(owner.pk) + storage.PHOTO, owner.photo_sha256
        yield storage.photo_prefix(owner.pk) + storage.THUMBNAIL, owner.thumbnail_sha256
    for output in Output.objects.all():
        for name, file in output.files.items():
            yield output.key(name), file["sha256"]
    yield from demo.expected()


def _changing_prefixes() -> Iterator[str]:
    """Prefixes below which files are being written or deleted, or belong to pages of other sites."""
    yield storage.ELEMENT_PREFIX
    yield from PendingDeletion.objects.values_list("prefix", flat=True)
    yield from (storage.photo_prefix(pk) for pk in Upload.objects.filter(stored=False).values_list("pk", flat=True))
    unfinished = Render.objects.unfinished()
    yield from (output.prefix for output in Output.objects.filter(render__in=unfinished))


def _rows() -> Iterator[Difference]:
    states = {
        Render.State.READY: Charge.State.CHARGED,
        Render.State.FAILED: Charge.State.RELEASED,
        Render.State.CANCELLED: Charge.State.RELEASED,
    }
    for render in Render.objects.select_related("charge"):
        if render.charge.state != states.get(Render.State(render.state), Charge.State.RESERVED):
            yield Difference("charge", f"{render} is {render.state}, its charge {render.charge.state}")
        if render.state == Render.State.READY and not _has_whole_output(render):
            yield Difference("missing", f"{render} is ready without a whole output")
    for session in Session.objects.select_related("shown__render"):
        if session.shown is not None and session.shown.render.session_id != session.pk:
            yield Difference("shown", f"{session} shows {session.shown}")


def _has_whole_output(render: Render) -> bool:
    """Whether its whole output is there, or for a first pass, that of the sheets, which replaced it."""
    kinds = [render.kind, *([Render.Kind.SHEETS] if render.kind == Render.Kind.RIG else [])]
    whole = Output.objects.filter(render__session=render.session_id, render__kind__in=kinds, complete=True)
    return whole.exists()
