"""The gate that every upload passes: bytes from a stranger in, a clean photo or a polite refusal out.

Nothing is decoded here (airlock.py), nothing is written, and the name that the browser gave the
file is never looked at.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from gpuworker.errors import BY_CODE
from portraits.airlock import Airlock, AirlockBusy, ChamberFailed, ChamberKilled, Passed, Readable, TooMuch
from portraits.examination import Examination, GarbledReply, PhotoTooHeavy, Refusal, unpack
from portraits.findings import Finding

__all__ = ["MOST_BYTES", "Examined", "Finding", "Readable", "UploadRefused", "examine", "sha256", "start", "stop"]

log = logging.getLogger(__name__)

MOST_BYTES = 25 << 20
"""Of one upload."""

SENTENCES = {
    PhotoTooHeavy.code: PhotoTooHeavy.sentence_default,
    "empty_upload": "This file is empty. Please choose a photo.",
    "upload_too_large": f"This file is too large. Please use a photo of at most {MOST_BYTES >> 20} MB.",
    "photo_missing": "Please choose a photo first.",
    "consent_missing": "Please confirm that you may use this photo and that the person in it agrees.",
    "upload_not_stored": "Your photo could not be stored just now. Please try again in a moment.",
    "too_many_uploads": "Many photos have come from your network within an hour. Please try again later.",
    "upload_busy": "Many people are uploading photos right now. Please try again in a few seconds.",
}
STATUS = {
    "photo_missing": 400,
    "consent_missing": 400,
    "upload_too_large": 413,
    "too_many_uploads": 429,
    "upload_busy": 503,
    "upload_not_stored": 503,
}
REFUSED = 422
"""HTTP statuses; REFUSED is that of every other code."""
RETRY_SECONDS = 5
MANY_RETRY_SECONDS = 600


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
        """For the answer over HTTP."""
        return STATUS.get(self.code, REFUSED)

    @property
    def retry_seconds(self) -> int | None:
        """For Retry-After, when trying again will help."""
        return {503: RETRY_SECONDS, 429: MANY_RETRY_SECONDS}.get(self.status)

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


airlock = Airlock()
atexit.register(airlock.close)


def start() -> None:
    """Begin loading the decoders in their own process, so that the first upload does not wait; returns at once."""
    airlock.start()


def stop() -> None:
    """End that process and whatever it works on."""
    airlock.close()


def examine(upload: Path | Readable, through: Airlock | None = None) -> Examined:
    """Decode, check, clean and look for faces, in a limited process; blocks for about half a second.

    An open file is read from its beginning. Raises UploadRefused; then nothing of it is left anywhere.
    """
    if isinstance(upload, Path):
        with upload.open("rb") as file:
            return examine(file, through)
    upload.seek(0)
    passed = _passed(upload, through or airlock)
    try:
        answer = unpack(passed.reply)
    except GarbledReply as error:
        log.error("An upload (%s) made the examiner answer nonsense.", passed.sha256, exc_info=True)
        raise UploadRefused("unreadable_photo") from error
    if isinstance(answer, Refusal):
        raise UploadRefused(_known(answer.code), answer.sentence)
    return Examined(**vars(answer), sha256=sha256(answer.photo), original_sha256=passed.sha256)


def sha256(data: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _passed(upload: Readable, through: Airlock) -> Passed:
    """What came out of the airlock; each way in which it does not becomes a refusal."""
    if not upload.read(1):
        raise UploadRefused("empty_upload")
    upload.seek(0)
    try:
        return through(upload, MOST_BYTES)
    except TooMuch as error:
        raise UploadRefused("upload_too_large") from error
    except AirlockBusy as error:
        raise UploadRefused("upload_busy") from error
    except ChamberKilled as error:
        log.warning("An upload ran into the examiner's limits: %s.", error)
        raise UploadRefused("photo_too_heavy") from error
    except ChamberFailed as error:
        log.error("An upload made the examiner fail: %s.", error)
        raise UploadRefused("unreadable_photo") from error


def _known(code: str) -> str:
    """The code, if it is one of ours: a decoder that was taken over must not invent any."""
    return code if code in BY_CODE or code == PhotoTooHeavy.code else "unreadable_photo"
