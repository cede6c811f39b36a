"""Endless animations: where no graphics card helps, the processor that loads a face draws each of their pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
FILES = [file for folder in ("static", "templates") for file in sorted((REPO / folder).rglob("*")) if file.is_file()]
TEXTS = [file for file in FILES if file.suffix in {".css", ".js", ".html", ".svg"}]
ENDLESS = re.compile(r"animation[\w-]*:[^;}]*\binfinite\b[^;}]*")
MOST_STEPS = 12
"""Steps a second. Beside a smooth pulse of one dot, a face took five times as long to load."""


def endless() -> list[tuple[str, str]]:
    return [(file.name, found) for file in TEXTS for found in ENDLESS.findall(file.read_text())]


@pytest.mark.parametrize(("name", "animation"), endless())
def test_what_moves_without_end_moves_in_few_steps(name: str, animation: str) -> None:
    seconds = re.search(r"([\d.]+)s\b", animation)
    steps = re.search(r"steps\((\d+)", animation)
    assert steps, f"{name}: {animation} is drawn anew in every frame of the screen"
    assert seconds
    assert int(steps[1]) / float(seconds[1]) <= MOST_STEPS


def test_no_script_or_picture_animates_without_end() -> None:
    other = re.compile(r"iterations:\s*Infinity|repeatCount=[\"']indefinite")
    assert [file.name for file in TEXTS if other.search(file.read_text())] == []


def test_the_marks_of_work_in_progress_are_such_animations() -> None:
    assert {"confirm.css", "controls.css", "gallery.css", "portrait.css"} <= {name for name, _ in endless()}
