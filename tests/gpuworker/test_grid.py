from __future__ import annotations

import subprocess
import sys

import pytest

from gpuworker import grid
from gpuworker.grid import FULL, LEVELS, LIMIT, MOBILE, PREVIEW, Cell, Direction, LevelGrid


@pytest.mark.parametrize(("level", "steps"), [(PREVIEW, 6), (MOBILE, 20), (FULL, 30)])
def test_a_level_has_its_steps_on_both_axes(level: LevelGrid, steps: int) -> None:
    assert (level.rows, level.cols) == (steps, steps)
    assert len(list(level.cells())) == steps * steps
    assert level.x == level.y


@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
def test_values_ascend_from_limit_to_limit_and_mirror(level: LevelGrid) -> None:
    assert level.x[0] == -LIMIT
    assert level.x[-1] == LIMIT
    assert list(level.x) == sorted(set(level.x))
    assert level.x == pytest.approx([-value for value in reversed(level.x)], abs=1e-12)


def test_the_full_grid_is_evenly_spaced_without_an_exact_centre() -> None:
    steps = [b - a for a, b in zip(FULL.x, FULL.x[1:], strict=False)]
    assert steps == pytest.approx([30 / 29] * 29)
    assert 0.0 not in FULL.x


def test_levels_are_listed_coarse_to_fine() -> None:
    assert list(LEVELS) == ["preview", "mobile", "full"]


def test_the_mobile_grid_keeps_these_steps_of_the_full_one() -> None:
    kept = (0, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 23, 24, 26, 27, 29)
    assert kept == grid.MOBILE_INDICES
    assert tuple(FULL.x[index] for index in kept) == MOBILE.x


def test_the_mobile_grid_shows_only_frames_of_the_full_one() -> None:
    full = {FULL.direction(cell) for cell in FULL.cells()}
    assert {MOBILE.direction(cell) for cell in MOBILE.cells()} <= full


@pytest.mark.parametrize("cell", list(FULL.cells())[::29])
def test_pupils_and_head_have_the_signs_of_the_screen(cell: Cell) -> None:
    x, y = FULL.x[cell.col], FULL.y[cell.row]
    look = FULL.direction(cell)
    assert look.pupil_x == x
    assert look.pupil_y == y
    assert look.head_pitch == y / 2
    assert look.head_yaw == x / 2
    assert look.eyebrow == max(0, -y)


@pytest.mark.parametrize(
    ("cell", "x", "y"),
    [(Cell(0, 0), -15, -15), (Cell(0, 29), 15, -15), (Cell(29, 0), -15, 15), (Cell(29, 29), 15, 15)],
    ids=["up and to the viewer's left", "up and right", "down and left", "down and right"],
)
def test_corners_look_where_the_screen_says(cell: Cell, x: float, y: float) -> None:
    assert FULL.direction(cell) == Direction(x, y)


def test_brows_rise_when_the_face_looks_up_and_never_sink() -> None:
    assert Direction(0, -10).eyebrow == 10
    assert Direction(0, 10).eyebrow == 0


def test_the_neutral_direction_asks_for_nothing() -> None:
    look = grid.NEUTRAL
    asked = (look.pupil_x, look.pupil_y, look.head_pitch, look.head_yaw, look.eyebrow)
    assert asked == (0, 0, 0, 0, 0)


def test_intensity_scales_a_direction_and_leaves_the_old_one() -> None:
    look = Direction(10, -4)
    assert look.scaled(1.5) == Direction(15, -6)
    assert look.scaled(1.0) == look
    assert look == Direction(10, -4)


def test_cells_come_row_by_row() -> None:
    assert list(PREVIEW.cells())[5:8] == [Cell(0, 5), Cell(1, 0), Cell(1, 1)]


@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
def test_four_quadrants_tile_a_level_exactly(level: LevelGrid) -> None:
    tiled = [
        Cell(row, col) for index in range(4) for row in level.quadrant(index)[0] for col in level.quadrant(index)[1]
    ]
    assert len(tiled) == len(set(tiled)) == level.rows * level.cols
    assert set(tiled) == set(level.cells())


@pytest.mark.parametrize(("index", "sign_x", "sign_y"), [(0, -1, -1), (1, 1, -1), (2, -1, 1), (3, 1, 1)])
@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
def test_quadrants_nest_because_each_covers_the_same_side_on_every_level(
    level: LevelGrid, index: int, sign_x: int, sign_y: int
) -> None:
    rows, cols = level.quadrant(index)
    for look in (level.direction(Cell(row, col)) for row in rows for col in cols):
        assert look.x * sign_x > 0
        assert look.y * sign_y > 0


@pytest.mark.parametrize("index", [-1, 4])
def test_there_is_no_fifth_quadrant(index: int) -> None:
    with pytest.raises(ValueError, match="full has no quadrant"):
        FULL.quadrant(index)


@pytest.mark.parametrize("sides", [(3, 4), (4, 3)])
def test_a_grid_with_an_odd_side_has_no_quadrants(sides: tuple[int, int]) -> None:
    odd = LevelGrid("odd", tuple(map(float, range(sides[0]))), tuple(map(float, range(sides[1]))))
    with pytest.raises(ValueError, match="odd has no quadrant 0"):
        odd.quadrant(0)


def test_directions_and_cells_are_keys() -> None:
    assert len({Direction(1, 2), Direction(1, 2), Direction(2, 1)}) == 2
    assert len({Cell(1, 2), Cell(1, 2), Cell(2, 1)}) == 2
    with pytest.raises(AttributeError):
        Cell(1, 2).row = 3  # type: ignore[misc]


@pytest.mark.parametrize("module", ["grid", "errors", "contract"])
def test_the_core_imports_the_standard_library_only(module: str) -> None:
    program = (
        f"import sys; before = set(sys.modules); import gpuworker.{module}; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "sys.exit(str(new - set(sys.stdlib_module_names) - {'gpuworker'} or ''))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stderr.strip() == ""
