"""Messages between the site and the sandbox's handler, and their encoding. Imports no picture library."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

from portraits.uploads.face_report import FaceReport, printable_text

HEAD = struct.Struct("!I")
"""Length of the JSON header that begins a reply; the photo and the thumbnail follow it."""

MAX_SIDE = 4096
"""Pixels of a kept photo's longer side."""
MAX_FACES = 100
"""Faces of a reply that are read; more are dropped."""

PLACE = b"A place in a photo\n"
"""First bytes of a request to detect a face at one place. An upload that begins so gets only the reply to such."""

_INVALID = (struct.error, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


class InvalidReply(Exception):
    """The reply of the sandbox is not one that `pack` or `pack_face_report` makes."""


@dataclass(frozen=True)
class PhotoAnalysis:
    """Analysis of a photo with at least one usable face."""

    photo: bytes
    """WebP file without metadata, upright 8-bit sRGB."""
    thumbnail: bytes
    """Smaller WebP file of the same picture."""
    width: int
    """Width of `photo`, pixels."""
    height: int
    """Height of `photo`, pixels."""
    alpha: bool
    """Whether `photo` has an alpha channel."""
    faces: tuple[FaceReport, ...]
    """Reports on every face, largest first; at least one is usable."""
    suggested: int | None
    """Index of the one prominent face; None when the owner should choose."""


@dataclass(frozen=True)
class RejectedPhoto:
    """Reason why the handler rejects a photo, or finds no face at a place."""

    code: str
    """Code of gpuworker.errors."""
    sentence: str
    """Sentence for the person."""


def pack(answer: PhotoAnalysis | RejectedPhoto) -> bytes:
    """Encoded reply; `unpack` decodes it."""
    if isinstance(answer, RejectedPhoto):
        return _with_head({"code": answer.code, "sentence": answer.sentence})
    head = {
        "photo": len(answer.photo),
        "width": answer.width,
        "height": answer.height,
        "alpha": answer.alpha,
        "findings": [face.to_json() for face in answer.faces],
        "suggested": answer.suggested,
    }
    return _with_head(head) + answer.photo + answer.thumbnail


def pack_place(photo: bytes, x: float, y: float) -> bytes:
    """Encoded request to detect a face at (x, y), pixels, of a kept photo; `unpack_place` decodes it."""
    return PLACE + _with_head({"x": x, "y": y}) + photo


def unpack_place(request: bytes) -> tuple[bytes, float, float] | None:
    """Photo, x and y of such a request; None for an upload. Raises InvalidReply for a malformed request."""
    if not request.startswith(PLACE):
        return None
    try:
        start = len(PLACE) + HEAD.size + HEAD.unpack_from(request, len(PLACE))[0]
        head = json.loads(request[len(PLACE) + HEAD.size : start])
        return request[start:], float(head["x"]), float(head["y"])
    except _INVALID as error:
        raise InvalidReply(repr(error)) from error


def pack_face_report(face: FaceReport) -> bytes:
    """Encoded reply to `pack_place`; `unpack_face_report` decodes it."""
    return _with_head({"finding": face.to_json()})


def unpack_face_report(reply: bytes) -> FaceReport | RejectedPhoto:
    """Decoded reply to `pack_place`. Raises InvalidReply for anything else: the decoder may be compromised."""
    try:
        head = json.loads(reply[HEAD.size : HEAD.size + HEAD.unpack_from(reply)[0]])
        if "code" in head:
            return RejectedPhoto(printable_text(head["code"]), printable_text(head["sentence"]))
        return FaceReport.from_json(head["finding"])
    except _INVALID as error:
        raise InvalidReply(repr(error)) from error


def unpack(reply: bytes) -> PhotoAnalysis | RejectedPhoto:
    """Decoded reply to an upload. Raises InvalidReply for anything else: the decoder may be compromised."""
    try:
        return _unpacked(reply)
    except _INVALID as error:
        raise InvalidReply(repr(error)) from error


def _unpacked(reply: bytes) -> PhotoAnalysis | RejectedPhoto:
    start = HEAD.size + HEAD.unpack_from(reply)[0]
    head = json.loads(reply[HEAD.size : start])
    if "code" in head:
        return RejectedPhoto(printable_text(head["code"]), printable_text(head["sentence"]))
    middle = start + int(head["photo"])
    suggested = head["suggested"]
    answer = PhotoAnalysis(
        photo=_webp(reply[start:middle]),
        thumbnail=_webp(reply[middle:]),
        width=_side(head["width"]),
        height=_side(head["height"]),
        alpha=bool(head["alpha"]),
        faces=tuple(FaceReport.from_json(face) for face in head["findings"][:MAX_FACES]),
        suggested=None if suggested is None else int(suggested),
    )
    usable = {face.index for face in answer.faces if face.usable}
    if not usable or (suggested is not None and suggested not in usable):
        raise ValueError("no usable face")
    return answer


def _webp(picture: bytes) -> bytes:
    """The bytes themselves, if they are one whole WebP file with nothing behind it. Raises ValueError."""
    length = int.from_bytes(picture[4:8], "little") + 8
    if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP" or length != len(picture):
        raise ValueError("no WebP file")
    return picture


def _side(value: Any) -> int:
    side = int(value)
    if not 0 < side <= MAX_SIDE:
        raise ValueError(f"a side of {side} pixels")
    return side


def _with_head(head: dict[str, Any]) -> bytes:
    encoded = json.dumps(head).encode()
    return HEAD.pack(len(encoded)) + encoded
