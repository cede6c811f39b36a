"""Tiny portraits whose every frame says by its colour which one it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from gpuworker import grid

FRAME = (20, 25)
"""Width and height of a drawn frame, pixels."""

MARKS = {"preview": 40, "mobile": 120, "full": 200, "sheets": 240}
"""Blue, by level."""

STEP = 8
"""Red and green rise by this much from one column or row to the next; 30 of them stay below 256."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pixel says: its colour, and the cell that the colour stands for (fractions are mixtures)."""

    red: int
    green: int
    blue: int
    alpha: int

    @property
    def row(self) -> float:
        return (self.green - STEP / 2) / STEP

    @property
    def col(self) -> float:
        return (self.red - STEP / 2) / STEP

    @property
    def cell(self) -> tuple[int, int]:
        return round(self.row), round(self.col)


def colour(row: int, col: int, blue: int) -> tuple[int, int, int]:
    return STEP // 2 + STEP * col, STEP // 2 + STEP * row, blue


def sheet(rows: Sequence[int], cols: Sequence[int], blue: int, frame: tuple[int, int] = FRAME) -> Image.Image:
    """A sheet of these rows and columns; every frame is one colour, so that bleeding would show at its edges."""
    width, height = frame
    picture = Image.new("RGB", (width * len(cols), height * len(rows)))
    for down, row in enumerate(rows):
        for right, col in enumerate(cols):
            box = (right * width, down * height, (right + 1) * width, (down + 1) * height)
            picture.paste(colour(row, col, blue), box)
    return picture


def encoded(picture: Image.Image) -> bytes:
    """Lossless WebP: a colour must arrive as it was drawn."""
    file = BytesIO()
    picture.save(file, "WEBP", lossless=True, quality=0, method=0)
    return file.getvalue()


@cache
def quadrants(steps: int, blue: int, frame: tuple[int, int] = FRAME) -> list[bytes]:
    """q0 … q3 of a square grid."""
    half = steps // 2
    halves = (range(half), range(half, steps))
    return [encoded(sheet(rows, cols, blue, frame)) for rows in halves for cols in halves]


@cache
def whole(steps: int, blue: int, frame: tuple[int, int] = FRAME) -> bytes:
    return encoded(sheet(range(steps), range(steps), blue, frame))


def poster(frame: tuple[int, int] = FRAME) -> bytes:
    return encoded(Image.new("RGB", frame, (250, 250, 250)))


def level(name: str, frame: tuple[int, int] = FRAME) -> dict[str, Any]:
    """A level as the manifest lists it."""
    cells = grid.LEVELS[name]
    suffix = {"mobile": "_20", "full": ""}
    sheets = ["preview.webp"] if name == "preview" else [f"q{n}{suffix[name]}.webp" for n in range(4)]
    return {
        "name": name,
        "kind": "sheets",
        "rows": cells.rows,
        "cols": cells.cols,
        "x": [round(value, 4) for value in cells.x],
        "y": [round(value, 4) for value in cells.y],
        "frame": {"width": frame[0], "height": frame[1]},
        "sheets": sheets,
    }


def manifest(*levels: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "engine": "warp",
        "synthetic": True,
        "frame": {"width": FRAME[0], "height": FRAME[1]},
        "alpha": False,
        "poster": "poster.webp",
        "complete": True,
        "levels": list(levels),
        **changes,
    }


def write_portrait(folder: Path, *names: str, **changes: Any) -> None:
    """A manifest of these levels with every file that it lists."""
    (folder / "poster.webp").write_bytes(poster())
    for name in names:
        steps = grid.LEVELS[name].rows
        pictures = [whole(steps, MARKS[name])] if name == "preview" else quadrants(steps, MARKS[name])
        for file, data in zip(level(name)["sheets"], pictures, strict=True):
            (folder / file).write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(manifest(*map(level, names), **changes)))
