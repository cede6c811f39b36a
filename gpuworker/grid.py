"""Gaze grid: cell ↔ (x, y) ↔ travel of the pupils, turn of the head and raise of the brows.

Axes are the screen's, as the visitor sees the face: +x is the viewer's right, +y is down,
row 0 looks up and column 0 looks to the viewer's left. Values run from −15 to 15.
Standard library only: the site, the worker and the command line all import it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LIMIT = 15.0
FULL_STEPS = 30
MOBILE_STEPS = 20
PREVIEW_STEPS = 6
DRAFT_STEPS = 5


def _evenly(steps: int) -> tuple[float, ...]:
    """`steps` values from −LIMIT to LIMIT, both ends included."""
    return tuple(-LIMIT + i * 2 * LIMIT / (steps - 1) for i in range(steps))


FULL_VALUES = _evenly(FULL_STEPS)
PREVIEW_VALUES = _evenly(PREVIEW_STEPS)

MOBILE_INDICES = tuple(round(i * (FULL_STEPS - 1) / (MOBILE_STEPS - 1)) for i in range(MOBILE_STEPS))
"""Which of the 30 full steps the 20×20 grid keeps; it nests, so no frame is rendered twice."""

MOBILE_VALUES = tuple(FULL_VALUES[i] for i in MOBILE_INDICES)


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction of the face's look, in grid units (−15 … 15 at intensity 1)."""

    x: float
    y: float

    @property
    def pupil_x(self) -> float:
        """Horizontal travel of the pupils, grid units, + to the viewer's right."""
        return self.x

    @property
    def pupil_y(self) -> float:
        """Vertical travel of the pupils, grid units, + down."""
        return self.y

    @property
    def head_pitch(self) -> float:
        """Nod of the head, degrees, + down."""
        return self.y / 2

    @property
    def head_yaw(self) -> float:
        """Turn of the head, degrees, + to the viewer's right."""
        return self.x / 2

    @property
    def eyebrow(self) -> float:
        """Raise of the brows, grid units, never negative: they rise when the face looks up."""
        return max(0.0, -self.y)

    def scaled(self, intensity: float) -> Direction:
        """The same direction, taken further (intensity > 1) or less far."""
        return Direction(self.x * intensity, self.y * intensity)


NEUTRAL = Direction(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """Row (0 looks up) and column (0 looks to the viewer's left) of a level's grid."""

    row: int
    col: int


@dataclass(frozen=True, slots=True)
class LevelGrid:
    """One level's own grid: its columns' x values and its rows' y values, ascending."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    @property
    def rows(self) -> int:
        return len(self.y)

    @property
    def cols(self) -> int:
        return len(self.x)

    def direction(self, cell: Cell) -> Direction:
        return Direction(self.x[cell.col], self.y[cell.row])

    def cells(self) -> Iterator[Cell]:
        """Every cell, row-major."""
        return (Cell(row, col) for row in range(self.rows) for col in range(self.cols))

    def quadrant(self, index: int) -> tuple[range, range]:
        """Rows and columns of quadrant 0 top-left, 1 top-right, 2 bottom-left, 3 bottom-right.

        Raises ValueError for another index or a grid with an odd side.
        """
        if index not in range(4) or self.rows % 2 or self.cols % 2:
            raise ValueError(f"level {self.name} has no quadrant {index}")
        rows, cols = self.rows // 2, self.cols // 2
        top, left = (index // 2) * rows, (index % 2) * cols
        return range(top, top + rows), range(left, left + cols)


PREVIEW = LevelGrid("preview", PREVIEW_VALUES, PREVIEW_VALUES)
MOBILE = LevelGrid("mobile", MOBILE_VALUES, MOBILE_VALUES)
FULL = LevelGrid("full", FULL_VALUES, FULL_VALUES)
LEVELS = {level.name: level for level in (PREVIEW, MOBILE, FULL)}

DRAFT = LevelGrid("draft", _evenly(DRAFT_STEPS), _evenly(DRAFT_STEPS))
"""For engines that take seconds a frame: made only when it is asked for."""
ALL_LEVELS = {DRAFT.name: DRAFT, **LEVELS}
