"""Sizes and limits have one source, gpuworker/contract.py: no page, script or style sheet has another number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gpuworker.contract import MAX_PHOTO_BYTES, MIN_FRAMED_WIDTH, MIN_LARGE_WIDTH, STANDARD_FRAME

FRAME = re.compile(
    r"\b(\d{3,}) / (\d{3,})\b"  # aspect-ratio: 410 / 512
    r"|\bwidth=\"(\d{3,})\" height=\"(\d{3,})\""
    r"|\bwidth: (\d{3,}), height: (\d{3,})\b"
)
"""Ways in which style sheets, pages and scripts write the size of a frame."""
DRAWN = ['width="158" height="198"']
"""Sizes of drawings that are no frames."""


def sources(repo: Path, files: list[Path], folder: str, suffix: str) -> dict[str, str]:
    """Text by name."""
    return {
        str(file): (repo / file).read_text() for file in files if file.suffix == suffix and file.is_relative_to(folder)
    }


@pytest.mark.parametrize(("folder", "suffix"), [("static", ".css"), ("templates", ".html"), ("static", ".js")])
def test_every_frame_that_is_written_down_is_the_standard_frame(
    repo: Path, files: list[Path], folder: str, suffix: str
) -> None:
    found = [
        (name, match[0], [int(side) for side in match.groups() if side])
        for name, text in sources(repo, files, folder, suffix).items()
        for match in FRAME.finditer(text)
        if match[0] not in DRAWN
    ]
    assert found
    standard = [STANDARD_FRAME.width, STANDARD_FRAME.height]
    assert [(name, text) for name, text, sides in found if sides != standard] == []


@pytest.mark.parametrize("limit", [MAX_PHOTO_BYTES >> 20, int(MIN_FRAMED_WIDTH), int(MIN_LARGE_WIDTH)])
def test_no_script_has_a_limit_of_its_own(repo: Path, files: list[Path], limit: int) -> None:
    """Nor one more, to be on the safe side."""
    own = re.compile(rf"\b({limit}|{limit + 1})\b")
    scripts = sources(repo, files, "static/site", ".js")
    assert [name for name, text in scripts.items() if own.search(text)] == []


def test_no_form_and_no_page_has_a_length_of_its_own(repo: Path, files: list[Path]) -> None:
    """A field's length is its model's; the crop of a photo is kept in no row."""
    own = re.compile(r"(?:max_length=|maxlength=\")\d+.*")
    texts = sources(repo, files, "portraits", ".py") | sources(repo, files, "templates", ".html")
    outside = {name: text for name, text in texts.items() if not {"models", "migrations"} & {*Path(name).parts}}
    found = [
        f"{name}: {line.strip()}" for name, text in outside.items() for line in text.splitlines() if own.search(line)
    ]
    assert [line for line in found if ": crop = " not in line] == []
