"""The moving picture that the README opens with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from gpuworker.rendering.sheets import SYNTHETIC_XMP
from tests import recording

LARGEST = 1 << 20
"""Bytes: it is the first thing that a visitor of the repository loads."""


@pytest.fixture(scope="module")
def tag(repo: Path) -> dict[str, str]:
    """Attributes of the README's first picture."""
    found = re.search(r"<img ([^>]+)>", (repo / "README.md").read_text())
    return dict(re.findall(r'(\w+)="([^"]*)"', found[1]))


def test_the_picture_moves_without_end_and_weighs_little(repo: Path, tag: dict[str, str]) -> None:
    path = repo / tag["src"]
    assert path.stat().st_size <= LARGEST
    with Image.open(path) as picture:
        assert (picture.n_frames, picture.info["loop"]) == (recording.FRAMES, 0)
        assert picture.info["xmp"] == SYNTHETIC_XMP


def test_the_picture_keeps_its_shape_and_is_described(repo: Path, tag: dict[str, str]) -> None:
    with Image.open(repo / tag["src"]) as picture:
        assert picture.width * int(tag["height"]) == picture.height * int(tag["width"])
        assert picture.width >= int(tag["width"])
    assert {"pointer", "blinks"} <= set(re.findall(r"\w+", tag["alt"]))


def test_the_pointer_goes_a_closed_way_and_stays_inside() -> None:
    places = [recording.place(number / 100) for number in range(101)]
    assert places[0] == pytest.approx(places[-1])
    assert all(0 < x < recording.WIDTH and 0 < y < recording.HEIGHT for x, y in places)
