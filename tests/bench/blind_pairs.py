"""`make blind-pairs A=folder B=folder`: numbered pairs of crops for eyes that do not know which is which.

Both folders hold sheets of the same names, as build/realism/eyes of two versions. Each sheet is cut into CELLS=5x4
(columns and rows); the first row, the photo itself, is left out. FACES='*spectacles*' chooses among the names, PAIRS=48
says how many, SEED=7 shuffles anew. Pairs go to INTO (build/blind-pairs), where key.json says on which side A is: it is
not for those who judge.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.bench.figures import REPOSITORY

CELLS = "5x4"
"""Columns and rows of the sheet of eyes: five directions, and the photo above three rows of them."""
GAP = 12
"""Pixels of grey between both pictures of a pair."""
KEY = "key.json"


@dataclass(frozen=True)
class Pair:
    """One cell of one sheet, as both folders have it."""

    name: str
    cell: tuple[int, int]
    """Column and row."""


def main() -> None:
    a, b = (Path(os.environ.get(name, "")) for name in ("A", "B"))
    if not (os.environ.get("A") and os.environ.get("B") and a.is_dir() and b.is_dir()):
        raise SystemExit("Please name two folders of sheets: make blind-pairs A=before/eyes B=after/eyes")
    columns, rows = (int(side) for side in os.environ.get("CELLS", CELLS).split("x"))
    chance = np.random.default_rng(int(os.environ.get("SEED", 7)))
    names = [name for name in _common(a, b) if fnmatch(name, os.environ.get("FACES", "*"))]
    chosen = choose(names, (columns, rows), int(os.environ.get("PAIRS", 48)), chance)
    out = Path(os.environ.get("INTO") or REPOSITORY / "build" / "blind-pairs")
    key = write(chosen, (a, b), (columns, rows), out, chance)
    print(f"{len(key)} pairs of {len(names)} sheets are in {out}; {KEY} is not for those who judge.")


def choose(names: list[str], cells: tuple[int, int], most: int, chance: np.random.Generator) -> list[Pair]:
    """Pairs in random order, as many of each sheet as of any other; the first row is the photo's own."""
    columns, rows = cells
    turns = [chance.permutation([(column, row) for row in range(1, rows) for column in range(columns)]) for _ in names]
    rounds = [
        [Pair(names[i], (int(turns[i][turn][0]), int(turns[i][turn][1]))) for i in chance.permutation(len(names))]
        for turn in range(columns * (rows - 1))
    ]
    return [pair for each in rounds for pair in each][:most]


def write(
    pairs: list[Pair], folders: tuple[Path, Path], cells: tuple[int, int], out: Path, chance: np.random.Generator
) -> dict[str, dict[str, object]]:
    """Write numbered pictures and the key, which is returned: of each number the sheet, the cell and the side of A."""
    out.mkdir(parents=True, exist_ok=True)
    key: dict[str, dict[str, object]] = {}
    for index in range(len(pairs)):
        pair, number, flipped = pairs[index], f"{index + 1:03}", bool(chance.integers(2))
        sides = [_cell(folder / pair.name, pair.cell, cells) for folder in folders]
        _beside(*(sides[::-1] if flipped else sides)).save(out / f"{number}.png")
        key[number] = {"sheet": pair.name, "column": pair.cell[0], "row": pair.cell[1], "A": ["left", "right"][flipped]}
    (out / KEY).write_text(json.dumps(key, indent=1) + "\n")
    return key


def _common(a: Path, b: Path) -> list[str]:
    return sorted({path.name for path in a.glob("*.png")} & {path.name for path in b.glob("*.png")})


def _cell(path: Path, cell: tuple[int, int], cells: tuple[int, int]) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    height, width = pixels.shape[0] // cells[1], pixels.shape[1] // cells[0]
    x, y = cell[0] * width, cell[1] * height
    return pixels[y : y + height, x : x + width]


def _beside(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> Image.Image:
    """Both at twice their size, so that eyes can be judged."""
    height = max(left.shape[0], right.shape[0])
    sheet = np.full((height, left.shape[1] + GAP + right.shape[1], 3), 128, np.uint8)
    sheet[: left.shape[0], : left.shape[1]] = left
    sheet[: right.shape[0], left.shape[1] + GAP :] = right
    picture = Image.fromarray(sheet)
    return picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
