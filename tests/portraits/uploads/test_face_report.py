"""Face reports survive a round trip through JSON, and nothing else is accepted as one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gpuworker.contract import Box
from portraits.uploads.face_report import MAX_TEXT_LENGTH, FaceReport, printable_text

ACCEPTED = FaceReport(0, Box(1.5, -2, 30, 40), 28.4, Box(0, 0, 410, 512), advice=("Sit up, please.",))
REFUSED = FaceReport(1, Box(1, 2, 3, 4), 3, code="face_too_small", sentence="The face is too small.")


@pytest.mark.parametrize("report", [ACCEPTED, REFUSED])
def test_a_face_report_travels_whole(report: FaceReport) -> None:
    assert FaceReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_refused_face_is_not_usable() -> None:
    assert ACCEPTED.usable
    assert not REFUSED.usable


@pytest.mark.parametrize(
    "change",
    [{"width": "wide"}, {"width": float("nan")}, {"box": None}, {"crop": {"x": 0}}, {"index": "a"}, {"advice": [5]}]
    + [{"code": ""}, {"sentence": "a\n\x1b[31m"}, {"sentence": "x" * (MAX_TEXT_LENGTH + 1)}, {"sentence": 7}],
)
def test_nonsense_is_no_face_report(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        FaceReport.from_json({**REFUSED.to_json(), **change})


def test_sentences_may_hold_what_sentences_hold() -> None:
    assert printable_text("410 × 512 pixels – “please” …") == "410 × 512 pixels – “please” …"
