"""From a stranger's file to a portrait: an upload that waits for its owner's choice, then the portrait with its run.

Rows come first and files follow, so that no file is ever without a row that will see it deleted.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from gpuworker.contract import STANDARD_FRAME, Box, Framing, Size
from portraits import deletion, readiness
from portraits.files import storage
from portraits.models import Erasure, Portrait, Session, Upload, User
from portraits.rendering import dispatch
from portraits.uploads import validation
from portraits.uploads.face_report import Finding
from portraits.uploads.fair_queue import Requester
from portraits.uploads.sandbox import Readable
from portraits.uploads.validation import Examined, UploadRefused

log = logging.getLogger(__name__)


class UploadGone(Exception):
    """The photo waited for too long, or its owner has deleted it."""


@dataclass(frozen=True)
class Choice:
    """Decisions of a person on the confirm page.

    face: one of the upload's usable ones. kept: how long until the portrait deletes itself; None keeps it.
    """

    face: Finding
    framing: Framing = "auto"
    intensity: float = 1.0
    frame: Size = STANDARD_FRAME
    remove_background: bool = False
    kept: timedelta | None = None
    title: str = ""


def receive(owner: User, photo: Readable, consent: bool, address: str | None = None) -> Upload:
    """Examine a photo and keep it for its owner's choice. Raises UploadRefused, DiskFull; then nothing of it is left.

    address: where it comes from (throttle.address_of), for a fair share of the decoders.
    Without consent the file is not even read.
    """
    if not consent:
        raise UploadRefused("consent_missing")
    readiness.demand_room()
    consent_at = timezone.now()
    examined = validation.examine(photo, requester=Requester(str(owner.pk), address or None))
    upload = Upload.objects.create(
        owner=owner,
        consent_at=consent_at,
        width=examined.width,
        height=examined.height,
        photo_sha256=examined.sha256,
        photo_size=len(examined.photo),
        thumbnail_sha256=hashlib.sha256(examined.thumbnail).hexdigest(),
        original_sha256=examined.original_sha256,
        findings=[_described(finding, examined) for finding in examined.findings],
    )
    try:
        _store(upload, examined)
    except OSError as error:
        log.exception("upload %s could not be stored", upload.pk)
        deletion.remove_upload(upload)
        raise UploadRefused("upload_not_stored") from error
    return upload


def find_face(upload: Upload, x: float, y: float, address: str | None = None) -> Finding:
    """The face that its owner points at, 0 … 1 of the photo's sides, kept beside those found before.

    Raises UploadRefused with a sentence on what could not be seen there, or UploadGone.
    """
    photo = storage.read(storage.photo_prefix(upload.pk) + storage.PHOTO)
    requester = Requester(str(upload.owner.pk), address or None)
    found = validation.find_face(photo, x * upload.width, y * upload.height, requester=requester)
    kept = upload.add_face(found.to_json())
    if kept is None:
        raise UploadGone
    return Finding.from_json(kept)


def adopt(upload: Upload, choice: Choice) -> Session:
    """Make the portrait and its first run, once: equal calls all get the same session. Raises UploadGone.

    The portrait takes the upload's id and with it the files. The call that deletes the upload's row makes it.
    """
    with transaction.atomic():
        taken, _ = Upload.objects.waiting(upload.owner).filter(pk=upload.pk).delete()
        if taken:
            portrait = _portrait(upload, choice)
            return dispatch.start(portrait, choice.intensity, choice.frame, remove_background=choice.remove_background)
    made = Portrait.objects.visible_to(upload.owner).filter(pk=upload.pk).first()
    session = made.current_session if made else None
    if session is None:
        raise UploadGone
    return session


def faces(upload: Upload) -> list[Finding]:
    """Findings of the examination about each face, largest first."""
    return [Finding.from_json(finding) for finding in upload.findings]


def suggested(upload: Upload) -> Finding | None:
    """The face that is plainly meant, such as the only one; None when its owner should choose."""
    meant = next((finding for finding in upload.findings if finding.get("suggested")), None)
    if meant is None and len(upload.findings) == 1:
        meant = upload.findings[0]
    return None if meant is None else Finding.from_json(meant)


def _described(finding: Finding, examined: Examined) -> dict[str, Any]:
    return {**finding.to_json(), "suggested": finding.index == examined.suggested}


def _store(upload: Upload, examined: Examined) -> None:
    prefix = storage.photo_prefix(upload.pk)
    storage.put(prefix + storage.PHOTO, examined.photo)
    storage.put(prefix + storage.THUMBNAIL, examined.thumbnail)
    if not upload.mark_stored():
        # The row was removed in the meantime, and the process that did it may have looked for files too early.
        Erasure.of(prefix)
        raise UploadRefused("upload_not_stored")


def _portrait(upload: Upload, choice: Choice) -> Portrait:
    face = choice.face
    return Portrait.objects.create(
        id=upload.pk,
        owner=upload.owner,
        title=choice.title,
        consent_at=upload.consent_at,
        expires_at=timezone.now() + choice.kept if choice.kept else None,
        width=upload.width,
        height=upload.height,
        photo_sha256=upload.photo_sha256,
        thumbnail_sha256=upload.thumbnail_sha256,
        original_sha256=upload.original_sha256,
        face=face.index,
        face_box=face.box.to_json(),
        framing_json=_framing(choice),
        advice=list(face.advice),
    )


def _framing(choice: Choice) -> dict[str, Any]:
    """JSON that Portrait.framing reads; an automatic crop is noted too, for pictures of it before the first render."""
    if isinstance(choice.framing, Box):
        return {"kind": "crop", **choice.framing.to_json()}
    if choice.framing == "whole":
        return {"kind": "whole"}
    return {"kind": "auto", **(choice.face.crop.to_json() if choice.face.crop else {})}
