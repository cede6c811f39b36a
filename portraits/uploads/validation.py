"""The gate that every upload passes: bytes from a stranger in, a clean photo or a polite refusal out.

Nothing is decoded here (sandbox.py), nothing is written, and the name that the browser gave the
file is never looked at.
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
from portraits.uploads.face_report import Finding
from portraits.uploads.fair_queue import QueueFull, Requester, TooManyOfAddress, TooManyOfPerson
from portraits.uploads.sandbox import (
    ANYBODY,
    Airlock,
    AirlockUnavailable,
    ChamberFailed,
    ChamberKilled,
    ChamberLimited,
    Passed,
    Readable,
    TooMuch,
)
from portraits.uploads.sandbox_reply import Examination, GarbledReply, Refusal, pack_place, unpack, unpack_finding

__all__ = ["Examined", "Finding", "Readable", "UploadRefused", "examine", "sha256", "start", "stop"]

log = logging.getLogger(__name__)

SENTENCES = {
    "empty_upload": "This file is empty. Please choose a photo.",
    "upload_too_large": f"This file is too large. Please use a photo of at most {MAX_PHOTO_BYTES >> 20} MB.",
    "photo_missing": "Please choose a photo first.",
    "consent_missing": "Please confirm that you may use this photo and that the person in it agrees.",
    "upload_not_stored": "Your photo could not be stored just now. Please try again in a moment.",
    "too_many_uploads": "Many photos have come from your network within an hour. Please try again later.",
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
    "uploads_at_once": 429,
    "network_busy": 429,
    "upload_busy": 503,
    "decoder_unavailable": 503,
    "upload_not_stored": 503,
}
REFUSED = 422
"""HTTP statuses; REFUSED is that of every other code."""
RETRY_SECONDS = {"too_many_uploads": 600, "too_many_places": 600}
USUAL_RETRY_SECONDS = 5
"""Seconds before a new try for every other code whose status is 429 or 503."""
MOST_KILLS = 2
"""Times that the decoder may be killed over the same bytes before they are to blame."""
REMEMBERED_KILLS = 1000
"""Different uploads; the oldest are forgotten first."""


class UploadRefused(Exception):
    """Why an upload is not taken.

    code: stable; one of gpuworker.errors' or a key of SENTENCES.
    sentence: complete and polite, for the person; never what the file says.
    """

    def __init__(self, code: str, sentence: str | None = None) -> None:
        self.code = code
        self.sentence = sentence or SENTENCES.get(code) or BY_CODE[code].sentence_default
        super().__init__(f"{code}: {self.sentence}")

    @property
    def status(self) -> int:
        """Status of the answer over HTTP."""
        return STATUS.get(self.code, REFUSED)

    @property
    def retry_seconds(self) -> int | None:
        """Seconds for Retry-After, when trying again will help."""
        return RETRY_SECONDS.get(self.code, USUAL_RETRY_SECONDS) if self.status in (429, 503) else None

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "sentence": self.sentence}


@dataclass(frozen=True)
class Examined(Examination):
    """A clean photo (examination.Examination) and what it is known by.

    sha256: of `photo`, hexadecimal. original_sha256: of the bytes as uploaded, which are not kept.
    """

    sha256: str
    original_sha256: str

    @property
    def usable(self) -> tuple[Finding, ...]:
        """The faces that can be rendered, largest first; never empty."""
        return tuple(finding for finding in self.findings if finding.usable)


class _Kills:
    """Number of times that the decoder was killed while it worked on the same bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, int] = OrderedDict()

    def count(self, sha256: str) -> int:
        """This one included."""
        with self._lock:
            self._counts[sha256] = count = self._counts.pop(sha256, 0) + 1
            if len(self._counts) > REMEMBERED_KILLS:
                self._counts.popitem(last=False)
        return count


airlock = Airlock()
kills = _Kills()
atexit.register(airlock.close)


def start() -> None:
    """Begin loading the decoders in their own process, so that the first upload does not wait; returns at once."""
    airlock.start()


def stop() -> None:
    """End that process and whatever it works on."""
    airlock.close()


def check() -> None:
    """Check for readiness: raises AirlockUnavailable while no photo can be opened because the decoders do not start."""
    airlock.check()


def examine(upload: Path | Readable, through: Airlock | None = None, requester: Requester = ANYBODY) -> Examined:
    """Decode, check, clean and look for faces, in a limited process; blocks for about half a second.

    requester: who has the place in line. An open file is read from its beginning.
    Raises UploadRefused; then nothing of it is left anywhere.
    """
    if isinstance(upload, Path):
        with upload.open("rb") as file:
            return examine(file, through, requester)
    upload.seek(0)
    passed = _passed(upload, through or airlock, requester)
    try:
        answer = unpack(passed.reply)
    except GarbledReply as error:
        log.error("An upload (%s) made the examiner answer nonsense.", passed.sha256, exc_info=True)
        raise UploadRefused("photo_too_heavy") from error
    if isinstance(answer, Refusal):
        raise UploadRefused(_known(answer.code), answer.sentence)
    return Examined(**vars(answer), sha256=sha256(answer.photo), original_sha256=passed.sha256)


def find_face(
    photo: bytes, x: float, y: float, through: Airlock | None = None, requester: Requester = ANYBODY
) -> Finding:
    """The face at one place of a photo that was examined before, in the same limited process.

    x, y: pixels of that photo. Raises UploadRefused with a sentence on what could not be seen there.
    """
    passed = _passed(io.BytesIO(pack_place(photo, x, y)), through or airlock, requester)
    try:
        answer = unpack_finding(passed.reply)
    except GarbledReply as error:
        log.error("A place in a photo (%s) made the examiner answer nonsense.", passed.sha256, exc_info=True)
        raise UploadRefused("decoder_unavailable") from error
    if isinstance(answer, Refusal):
        raise UploadRefused(_known(answer.code), answer.sentence)
    return answer


def sha256(data: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _passed(upload: Readable, through: Airlock, requester: Requester) -> Passed:
    """Result that came out of the airlock; each way in which none comes becomes a refusal."""
    if not upload.read(1):
        raise UploadRefused("empty_upload")
    upload.seek(0)
    try:
        return through(upload, MAX_PHOTO_BYTES, requester)
    except TooMuch as error:
        raise UploadRefused("upload_too_large") from error
    except TooManyOfPerson as error:
        raise UploadRefused("uploads_at_once") from error
    except TooManyOfAddress as error:
        raise UploadRefused("network_busy") from error
    except QueueFull as error:
        raise UploadRefused("upload_busy") from error
    except AirlockUnavailable as error:
        log.error("No upload can be examined: %s.", error)
        raise UploadRefused("decoder_unavailable") from error
    except ChamberLimited as error:
        log.warning("An upload ran into the examiner's limits: %s.", error)
        raise UploadRefused("photo_too_heavy") from error
    except ChamberFailed as error:
        log.error("An upload made the examiner fail: %s.", error)
        raise UploadRefused("photo_too_heavy") from error
    except ChamberKilled as error:
        count = kills.count(error.sha256)
        log.error("The examiner ended over an upload (%s), time %d: %s.", error.sha256, count, error)
        raise UploadRefused("photo_too_heavy" if count > MOST_KILLS else "decoder_unavailable") from error


def _known(code: str) -> str:
    """The code, if it is one of ours: a decoder that was taken over must not invent any."""
    return code if code in BY_CODE else "unreadable_photo"
