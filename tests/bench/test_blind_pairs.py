from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.bench import blind_pairs

CELLS = (2, 3)
DARK, LIGHT = 40, 200


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A is dark and B light; of three sheets, B lacks one."""
    for folder, grey, names in (("a", DARK, ("1.png", "2.png", "3.png")), ("b", LIGHT, ("1.png", "3.png"))):
        (tmp_path / folder).mkdir()
        for name in names:
            Image.fromarray(np.full((30, 40, 3), grey, np.uint8)).save(tmp_path / folder / name)
    return tmp_path / "a", tmp_path / "b"


def made(folders: tuple[Path, Path], out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    values = {"A": folders[0], "B": folders[1], "INTO": out, "CELLS": "2x3", "PAIRS": 6, "SEED": 1}
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    blind_pairs.main()
    key: dict[str, dict[str, str]] = json.loads((out / blind_pairs.KEY).read_text())
    return key


def test_the_key_says_on_which_side_a_is(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = made(folders, tmp_path / "out", monkeypatch)
    for number, entry in key.items():
        with Image.open(tmp_path / "out" / f"{number}.png") as picture:
            first = np.asarray(picture)[4, 4, 0]
        assert first == {"left": DARK, "right": LIGHT}[entry["A"]]
    assert {entry["A"] for entry in key.values()} == {"left", "right"}


def test_each_sheet_that_both_have_comes_equally_often_and_no_cell_twice(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [tuple(entry.values())[:3] for entry in made(folders, tmp_path / "out", monkeypatch).values()]
    assert len({*shown}) == 6
    assert sorted(sheet for sheet, *_ in shown) == ["1.png"] * 3 + ["3.png"] * 3
    assert all(row > 0 for _, _, row in shown)


def test_without_two_folders_it_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A", raising=False)
    with pytest.raises(SystemExit, match="two folders"):
        blind_pairs.main()
