"""Lifecycle of an upload: created from a validated photo, then turned into a portrait with its first session.

Rows are written before files, so that every file has a row that leads to its deletion.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from gpuworker.contract import STANDARD_FRAME, Box, Framing, Size
from portraits import deletion
from portraits.files import disk_space, storage
from portraits.models import PendingDeletion, Portrait, Session, Upload, User
from portraits.models.user import GUEST_LIFETIME
from portraits.rendering import dispatch
from portraits.uploads import validation
from portraits.uploads.face_report import FaceReport
from portraits.uploads.fair_queue import Requester
from portraits.uploads.sandbox import Readable
from portraits.uploads.validation import UploadRefused, ValidatedPhoto

log = logging.getLogger(__name__)


class UploadGone(Exception):
    """The upload has expired, or its owner has deleted it."""


@dataclass(frozen=True)
class PortraitOptions:
    """Options of a portrait, as its owner chose them on the confirm page."""

    face: FaceReport
    """One of the upload's usable faces."""
    framing: Framing = "auto"
    """Part of the photo to show."""
    intensity: float = 1.0
    """Strength of the movement; 1 is natural."""
    frame: Size = STANDARD_FRAME
    """Size of the rendered pictures, pixels."""
    remove_background: bool = False
    """Whether only the person is shown."""
    lifetime: timedelta | None = None
    """Time until the portrait deletes itself; None keeps it. A guest's has GUEST_LIFETIME whatever it says."""
    title: str = ""
    """Title that the owner gave; may be empty."""


def create_upload(owner: User, photo: Readable, consent: bool, address: str | None = None) -> Upload:
    """Validate a photo and store it as an upload. Raises UploadRefused, DiskFull; then nothing is kept.

    owner: a guest who is not saved yet is saved with it.
    address: the client's (throttle.address_of), for a fair share of the sandbox.
    Without consent the file is not even read.
    """
    if not consent:
        raise UploadRefused("consent_missing")
    disk_space.require_free_space()
    consent_at = timezone.now()
    validated = validation.validate(photo, requester=Requester(str(owner.pk or owner.email), address or None))
    upload = _upload(owner, consent_at, validated)
    try:
        _store(upload, validated)
    except OSError as error:
        log.exception("upload %s could not be stored", upload.pk)
        deletion.delete_upload(upload)
        raise UploadRefused("upload_not_stored") from error
    return upload


def _upload(owner: User, consent_at: datetime, validated: ValidatedPhoto) -> Upload:
    """Row of a validated photo. Raises UploadRefused when its owner has been deleted in the meantime."""
    with transaction.atomic():
        if owner.pk is None:
            owner.save()
        elif not _locked(owner):
            raise UploadRefused("owner_gone")
        owner.stay_until(timezone.now() + GUEST_LIFETIME)
        return Upload.objects.create(
            owner=owner,
            consent_at=consent_at,
            width=validated.width,
            height=validated.height,
            photo_sha256=validated.sha256,
            photo_size=len(validated.photo),
            thumbnail_sha256=hashlib.sha256(validated.thumbnail).hexdigest(),
            original_sha256=validated.original_sha256,
            face_reports=[_described(face, validated) for face in validated.faces],
        )


def _locked(owner: User) -> bool:
    """Lock the user's row until the transaction ends, so that nobody deletes them meanwhile. Whether it is there."""
    return User.objects.select_for_update().filter(pk=owner.pk).first() is not None


def find_face(upload: Upload, x: float, y: float, address: str | None = None) -> FaceReport:
    """Face at a position that the owner pointed at, 0 … 1 of the photo's width and height; added to the upload's faces.

    Raises UploadRefused with a sentence about why there is none, or UploadGone.
    """
    photo = storage.read(storage.photo_prefix(upload.pk) + storage.PHOTO)
    requester = Requester(str(upload.owner.pk), address or None)
    found = validation.find_face(photo, x * upload.width, y * upload.height, requester=requester)
    kept = upload.add_face(found.to_json())
    if kept is None:
        raise UploadGone
    return FaceReport.from_json(kept)


def create_portrait(upload: Upload, options: PortraitOptions) -> Session:
    """Create the portrait and its first session, once: repeated calls get the same session. Raises UploadGone.

    The portrait takes over the upload's id and so its files. Only the call that deletes the upload's row creates it.
    """
    with transaction.atomic():
        there = _locked(upload.owner)
        taken, _ = Upload.objects.waiting(upload.owner).filter(pk=upload.pk).delete()
        if there and taken:
            portrait = _portrait(upload, options)
            return dispatch.start(
                portrait, options.intensity, options.frame, remove_background=options.remove_background
            )
    made = Portrait.objects.visible_to(upload.owner).filter(pk=upload.pk).first()
    session = made.current_session if made else None
    if session is None:
        raise UploadGone
    return session


def faces(upload: Upload) -> list[FaceReport]:
    """Reports on the upload's faces, largest first."""
    return [FaceReport.from_json(report) for report in upload.face_reports]


def suggested(upload: Upload) -> FaceReport | None:
    """The one prominent face, or the only one; None when the owner should choose."""
    meant = next((report for report in upload.face_reports if report.get("suggested")), None)
    if meant is None and len(upload.face_reports) == 1:
        meant = upload.face_reports[0]
    return None if meant is None else FaceReport.from_json(meant)


def _described(face: FaceReport, validated: ValidatedPhoto) -> dict[str, Any]:
    return {**face.to_json(), "suggested": face.index == validated.suggested}


def _store(upload: Upload, validated: ValidatedPhoto) -> None:
    prefix = storage.photo_prefix(upload.pk)
    storage.put(prefix + storage.PHOTO, validated.photo)
    storage.put(prefix + storage.THUMBNAIL, validated.thumbnail)
    if not upload.mark_stored():
        # The row was removed in the meantime, and the process that did it may have looked for files too early.
        PendingDeletion.create_for(prefix)
        raise UploadRefused("upload_not_stored")


def _portrait(upload: Upload, options: PortraitOptions) -> Portrait:
    face, now = options.face, timezone.now()
    lifetime = GUEST_LIFETIME if upload.owner.is_guest else options.lifetime
    if lifetime is not None:
        upload.owner.stay_until(now + lifetime)
    return Portrait.objects.create(
        id=upload.pk,
        owner=upload.owner,
        title=options.title,
        consent_at=upload.consent_at,
        expires_at=now + lifetime if lifetime else None,
        width=upload.width,
        height=upload.height,
        photo_sha256=upload.photo_sha256,
        thumbnail_sha256=upload.thumbnail_sha256,
        original_sha256=upload.original_sha256,
        face=face.index,
        face_box=face.box.to_json(),
        framing_json=_framing(options),
        advice=list(face.advice),
    )


def _framing(options: PortraitOptions) -> dict[str, Any]:
    """JSON for Portrait.framing; includes an automatic crop, for pictures shown before the first render."""
    if isinstance(options.framing, Box):
        return {"kind": "crop", **options.framing.to_json()}
    if options.framing == "whole":
        return {"kind": "whole"}
    return {"kind": "auto", **(options.face.crop.to_json() if options.face.crop else {})}
