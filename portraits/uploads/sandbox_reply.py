"""Reply of the airlock about one upload, and its form on the way. Light: no picture library is imported."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

from portraits.uploads.face_report import Finding, words

HEAD = struct.Struct("!I")
"""Length of the JSON that begins a reply; the photo and the thumbnail follow it."""

LONGEST_SIDE = 4096
MOST_FACES = 100

PLACE = b"A place in a photo\n"
"""First bytes of a request to look there; an upload that begins so only gets the answer to one."""

_GARBLED = (struct.error, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


class GarbledReply(Exception):
    """The airlock's reply is no answer."""


@dataclass(frozen=True)
class Examination:
    """An accepted upload.

    photo, thumbnail: WebP without metadata, upright 8-bit sRGB. width, height, alpha: the photo's.
    findings: every face, largest first; at least one is usable.
    suggested: index of the face that is plainly meant; None when a person should choose.
    """

    photo: bytes
    thumbnail: bytes
    width: int
    height: int
    alpha: bool
    findings: tuple[Finding, ...]
    suggested: int | None


@dataclass(frozen=True)
class Refusal:
    code: str
    sentence: str


def pack(answer: Examination | Refusal) -> bytes:
    """Answer as bytes; `unpack` reads them."""
    if isinstance(answer, Refusal):
        return _with_head({"code": answer.code, "sentence": answer.sentence})
    head = {
        "photo": len(answer.photo),
        "width": answer.width,
        "height": answer.height,
        "alpha": answer.alpha,
        "findings": [finding.to_json() for finding in answer.findings],
        "suggested": answer.suggested,
    }
    return _with_head(head) + answer.photo + answer.thumbnail


def pack_place(photo: bytes, x: float, y: float) -> bytes:
    """A request to look for a face at one place of a kept photo, as bytes; x, y in its pixels."""
    return PLACE + _with_head({"x": x, "y": y}) + photo


def unpack_place(request: bytes) -> tuple[bytes, float, float] | None:
    """Photo, x and y; None for what is an upload. Raises GarbledReply when it only begins like one."""
    if not request.startswith(PLACE):
        return None
    try:
        start = len(PLACE) + HEAD.size + HEAD.unpack_from(request, len(PLACE))[0]
        head = json.loads(request[len(PLACE) + HEAD.size : start])
        return request[start:], float(head["x"]), float(head["y"])
    except _GARBLED as error:
        raise GarbledReply(repr(error)) from error


def pack_finding(finding: Finding) -> bytes:
    """The answer to `pack_place`, as bytes; `unpack_finding` reads them."""
    return _with_head({"finding": finding.to_json()})


def unpack_finding(reply: bytes) -> Finding | Refusal:
    """Raises GarbledReply for anything but what `pack_finding` makes, or `pack` of a refusal."""
    try:
        head = json.loads(reply[HEAD.size : HEAD.size + HEAD.unpack_from(reply)[0]])
        if "code" in head:
            return Refusal(words(head["code"]), words(head["sentence"]))
        return Finding.from_json(head["finding"])
    except _GARBLED as error:
        raise GarbledReply(repr(error)) from error


def unpack(reply: bytes) -> Examination | Refusal:
    """Raises GarbledReply for anything but what `pack` makes: the decoder may have been taken over."""
    try:
        return _unpacked(reply)
    except _GARBLED as error:
        raise GarbledReply(repr(error)) from error


def _unpacked(reply: bytes) -> Examination | Refusal:
    start = HEAD.size + HEAD.unpack_from(reply)[0]
    head = json.loads(reply[HEAD.size : start])
    if "code" in head:
        return Refusal(words(head["code"]), words(head["sentence"]))
    middle = start + int(head["photo"])
    suggested = head["suggested"]
    answer = Examination(
        photo=_webp(reply[start:middle]),
        thumbnail=_webp(reply[middle:]),
        width=_side(head["width"]),
        height=_side(head["height"]),
        alpha=bool(head["alpha"]),
        findings=tuple(Finding.from_json(finding) for finding in head["findings"][:MOST_FACES]),
        suggested=None if suggested is None else int(suggested),
    )
    usable = {finding.index for finding in answer.findings if finding.usable}
    if not usable or (suggested is not None and suggested not in usable):
        raise ValueError("no usable face")
    return answer


def _webp(picture: bytes) -> bytes:
    """Raises ValueError for what no reader would take for a WebP file, whole and with nothing behind it."""
    length = int.from_bytes(picture[4:8], "little") + 8
    if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP" or length != len(picture):
        raise ValueError("no WebP file")
    return picture


def _side(value: Any) -> int:
    side = int(value)
    if not 0 < side <= LONGEST_SIDE:
        raise ValueError(f"a side of {side} pixels")
    return side


def _with_head(head: dict[str, Any]) -> bytes:
    encoded = json.dumps(head).encode()
    return HEAD.pack(len(encoded)) + encoded
