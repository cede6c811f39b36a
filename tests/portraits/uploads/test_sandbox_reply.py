"""Encoding of the sandbox's replies: a compromised decoder cannot make anything else pass for one."""

from __future__ import annotations

import json
import random
import struct
from dataclasses import replace
from typing import Any

import pytest

from gpuworker.contract import Box
from portraits.uploads.face_report import FaceReport
from portraits.uploads.sandbox_reply import (
    HEAD,
    MAX_SIDE,
    PLACE,
    InvalidReply,
    PhotoAnalysis,
    RejectedPhoto,
    pack,
    pack_face_report,
    pack_place,
    unpack,
    unpack_face_report,
    unpack_place,
)


def webp(content: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(content)) + b"WEBP" + content


ACCEPTED = PhotoAnalysis(
    photo=webp(b"photo"),
    thumbnail=webp(b"small"),
    width=400,
    height=300,
    alpha=True,
    faces=(
        FaceReport(0, Box(1, 2, 3, 4), 3, Box(0, 0, 5, 6)),
        FaceReport(1, Box(1, 2, 3, 4), 2, code="a", sentence="B."),
    ),
    suggested=0,
)


@pytest.mark.parametrize("answer", [ACCEPTED, replace(ACCEPTED, suggested=None), RejectedPhoto("no_face", "No face.")])
def test_an_answer_travels_whole(answer: PhotoAnalysis | RejectedPhoto) -> None:
    assert unpack(pack(answer)) == answer


@pytest.mark.parametrize(
    "change",
    [{"photo": b"GIF89a"}, {"photo": webp(b"photo")[:-1]}, {"thumbnail": webp(b"small") + b"<script>"}]
    + [{"thumbnail": b""}, {"width": 0}, {"height": MAX_SIDE + 1}, {"faces": ()}, {"suggested": 1}]
    + [{"faces": ACCEPTED.faces[1:], "suggested": None}, {"suggested": 7}],
)
def test_an_impossible_answer_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidReply):
        unpack(pack(replace(ACCEPTED, **change)))


@pytest.mark.parametrize(
    "head",
    [[], {}, 5, None, {"code": 5, "sentence": "B."}, {"code": "a"}, {"photo": "x"}, {"photo": 1, "findings": 3}],
)
def test_a_head_that_is_none_is_refused(head: Any) -> None:
    encoded = json.dumps(head).encode()
    with pytest.raises(InvalidReply):
        unpack(HEAD.pack(len(encoded)) + encoded)


def test_garbled_replies_are_refused_or_read_but_nothing_else() -> None:
    chance = random.Random(3)
    reply = pack(ACCEPTED)
    for _ in range(2_000):
        garbled = bytearray(reply[: chance.randint(0, len(reply))])
        for _ in range(min(3, len(garbled))):
            garbled[chance.randrange(len(garbled))] = chance.randrange(256)
        try:
            unpack(bytes(garbled))
        except InvalidReply:
            continue


def test_a_place_and_what_is_found_there_travel_whole() -> None:
    assert unpack_place(pack_place(b"photo", 10.5, 20)) == (b"photo", 10.5, 20)
    assert unpack_place(b"\xff\xd8 a photo") is None
    report = ACCEPTED.faces[0]
    assert unpack_face_report(pack_face_report(report)) == report
    refusal = RejectedPhoto("no_face", "No face.")
    assert unpack_face_report(pack(refusal)) == refusal


@pytest.mark.parametrize("rest", [b"", b"\0\0\0\2{}", b"\0\0\0\4null", b"\xff\xff\xff\xff", b'\0\0\0\x0c{"x": "a"}  '])
def test_what_only_begins_like_a_place_is_garbled(rest: bytes) -> None:
    with pytest.raises(InvalidReply):
        unpack_place(PLACE + rest)


def test_the_answer_about_a_place_passes_for_no_analysis() -> None:
    with pytest.raises(InvalidReply):
        unpack(pack_face_report(ACCEPTED.faces[0]))
    with pytest.raises(InvalidReply):
        unpack_face_report(pack(ACCEPTED))
