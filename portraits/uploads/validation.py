"""Validation of uploads: an uploaded file in, a clean photo or an UploadRefused out.

This module decodes nothing (the sandbox does), writes nothing, and ignores the name that the browser gave the file.
"""

from __future__ import annotations

import atexit
import hashlib
import io
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from gpuworker.contract import MAX_PHOTO_BYTES
from gpuworker.errors import BY_CODE
from portraits.uploads.face_report import FaceReport
from portraits.uploads.fair_queue import QueueFull, Requester, TooManyOfAddress, TooManyOfPerson
from portraits.uploads.sandbox import (
    ANONYMOUS,
    HandlerFailed,
    HandlerKilled,
    Readable,
    Sandbox,
    SandboxLimitExceeded,
    SandboxResult,
    SandboxUnavailable,
    UploadTooLarge,
)
from portraits.uploads.sandbox_reply import (
    InvalidReply,
    PhotoAnalysis,
    RejectedPhoto,
    pack_place,
    unpack,
    unpack_face_report,
)

__all__ = ["FaceReport", "Readable", "UploadRefused", "ValidatedPhoto", "sha256", "start", "stop", "validate"]

log = logging.getLogger(__name__)

SENTENCES = {
    "empty_upload": "This file is empty. Please choose a photo.",
    "upload_too_large": f"This file is too large. Please use a photo of at most {MAX_PHOTO_BYTES >> 20} MB.",
    "photo_missing": "Please choose a photo first.",
    "consent_missing": "Please confirm that you may use this photo and that the person in it agrees.",
    "upload_not_stored": "Your photo could not be stored just now. Please try again in a moment.",
    "too_many_uploads": "Many photos have come from your network within an hour. Please try again later.",
    "too_many_guest_uploads": (
        "Many photos have come from your network today, and it has no more tries without an account. "
        "With an account you can go on at once."
    ),
    "owner_gone": "You have signed in or out in another window. Please reload this page and send the photo again.",
    "too_many_places": "You have pointed at many places. Please try again in a few minutes, or use another photo.",
    "place_missing": "Please point at a place in the photo.",
    "upload_busy": "Many people are uploading photos right now. Please try again in a few seconds.",
    "uploads_at_once": "Two of your photos are being opened already. Please send this one again in a few seconds.",
    "network_busy": "Many photos from your network are being opened right now. Please try again in a few seconds.",
    "decoder_unavailable": (
        "The site could not open the photo just now. There is nothing wrong with it: please try again in a few seconds."
    ),
}
STATUS = {
    "photo_missing": 400,
    "place_missing": 400,
    "too_many_places": 429,
    "consent_missing": 400,
    "upload_too_large": 413,
    "too_many_uploads": 429,
    "too_many_guest_uploads": 429,
    "owner_gone": 409,
    "uploads_at_once": 429,
    "network_busy": 429,
    "upload_busy": 503,
    "decoder_unavailable": 503,
    "upload_not_stored": 503,
}
REFUSED = 422
"""HTTP status of every code that STATUS does not list."""
RETRY_SECONDS = {"too_many_uploads": 600, "too_many_places": 600, "too_many_guest_uploads": 3600}
USUAL_RETRY_SECONDS = 5
"""Retry-After, seconds, of every other code whose status is 429 or 503."""
MAX_KILLS = 2
"""Kills of a handler after which the same upload counts as too heavy."""
REMEMBERED_UPLOADS = 1000
"""Different uploads whose kills are counted; the oldest are forgotten first."""


class UploadRefused(Exception):
    """Refusal of an upload.

    code: stable; one of gpuworker.errors or a key of SENTENCES.
    sentence: complete and polite, for the person; never text from the file.
    """

    def __init__(self, code: str, sentence: str | None = None) -> None:
        self.code = code
        self.sentence = sentence or SENTENCES.get(code) or BY_CODE[code].sentence_default
        super().__init__(f"{code}: {self.sentence}")

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return STATUS.get(self.code, REFUSED)

    @property
    def retry_seconds(self) -> int | None:
        """Value of Retry-After; None when trying again will not help."""
        return RETRY_SECONDS.get(self.code, USUAL_RETRY_SECONDS) if self.status in (429, 503) else None

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "sentence": self.sentence}


@dataclass(frozen=True)
class ValidatedPhoto(PhotoAnalysis):
    """Clean photo with its analysis and hashes."""

    sha256: str
    """SHA-256 of `photo`, hexadecimal."""
    original_sha256: str
    """SHA-256 of the uploaded file, hexadecimal; the file itself is not kept."""

    @property
    def usable(self) -> tuple[FaceReport, ...]:
        """Faces that can be rendered, largest first; never empty."""
        return tuple(face for face in self.faces if face.usable)


class _KillCounts:
    """Counter of the kills of handlers, by upload."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, int] = OrderedDict()

    def count(self, sha256: str) -> int:
        """Kills over this upload, this one included."""
        with self._lock:
            self._counts[sha256] = count = self._counts.pop(sha256, 0) + 1
            if len(self._counts) > REMEMBERED_UPLOADS:
                self._counts.popitem(last=False)
        return count


default_sandbox = Sandbox()
kill_counts = _KillCounts()
atexit.register(default_sandbox.close)


def start() -> None:
    """Start the sandbox, so that the first upload does not wait for it to load; returns at once."""
    default_sandbox.start()


def stop() -> None:
    """End the sandbox and everything that it works on."""
    default_sandbox.close()


def check() -> None:
    """Readiness check. Raises SandboxUnavailable while the sandbox does not start."""
    default_sandbox.check()


def validate(
    upload: Path | Readable, sandbox: Sandbox | None = None, requester: Requester = ANONYMOUS
) -> ValidatedPhoto:
    """Decode, check and clean a photo and detect its faces, in the sandbox; blocks for about half a second.

    requester: identity for which the place in the queue is counted. An open file is read from its beginning.
    Raises UploadRefused; then nothing of the file is left.
    """
    if isinstance(upload, Path):
        with upload.open("rb") as file:
            return validate(file, sandbox, requester)
    upload.seek(0)
    result = _run_sandbox(upload, sandbox or default_sandbox, requester)
    try:
        answer = unpack(result.reply)
    except InvalidReply as error:
        log.error("Upload %s got an invalid reply from the sandbox.", result.sha256, exc_info=True)
        raise UploadRefused("photo_too_heavy") from error
    if isinstance(answer, RejectedPhoto):
        raise UploadRefused(_known(answer.code), answer.sentence)
    return ValidatedPhoto(**vars(answer), sha256=sha256(answer.photo), original_sha256=result.sha256)


def find_face(
    photo: bytes, x: float, y: float, sandbox: Sandbox | None = None, requester: Requester = ANONYMOUS
) -> FaceReport:
    """Face at a position in a validated photo, detected in the sandbox.

    x, y: pixels of that photo. Raises UploadRefused with a sentence about why there is none.
    """
    result = _run_sandbox(io.BytesIO(pack_place(photo, x, y)), sandbox or default_sandbox, requester)
    try:
        answer = unpack_face_report(result.reply)
    except InvalidReply as error:
        log.error("A place in photo %s got an invalid reply from the sandbox.", result.sha256, exc_info=True)
        raise UploadRefused("decoder_unavailable") from error
    if isinstance(answer, RejectedPhoto):
        raise UploadRefused(_known(answer.code), answer.sentence)
    return answer


def sha256(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _run_sandbox(upload: Readable, sandbox: Sandbox, requester: Requester) -> SandboxResult:
    """Result of the sandbox. Raises UploadRefused for each way in which there is none."""
    if not upload.read(1):
        raise UploadRefused("empty_upload")
    upload.seek(0)
    try:
        return sandbox(upload, MAX_PHOTO_BYTES, requester)
    except UploadTooLarge as error:
        raise UploadRefused("upload_too_large") from error
    except TooManyOfPerson as error:
        raise UploadRefused("uploads_at_once") from error
    except TooManyOfAddress as error:
        raise UploadRefused("network_busy") from error
    except QueueFull as error:
        raise UploadRefused("upload_busy") from error
    except SandboxUnavailable as error:
        log.error("The sandbox is unavailable: %s.", error)
        raise UploadRefused("decoder_unavailable") from error
    except SandboxLimitExceeded as error:
        log.warning("An upload exceeded a limit of the sandbox: %s.", error)
        raise UploadRefused("photo_too_heavy") from error
    except HandlerFailed as error:
        log.error("An upload made the sandbox's handler fail: %s.", error)
        raise UploadRefused("photo_too_heavy") from error
    except HandlerKilled as error:
        count = kill_counts.count(error.sha256)
        log.error("The sandbox's handler was killed over upload %s, time %d: %s.", error.sha256, count, error)
        raise UploadRefused("photo_too_heavy" if count > MAX_KILLS else "decoder_unavailable") from error


def _known(code: str) -> str:
    """The code itself if it exists, else unreadable_photo: a compromised decoder must not invent codes."""
    return code if code in BY_CODE else "unreadable_photo"
