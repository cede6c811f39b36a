from __future__ import annotations

from typing import Any

import pytest

from gpuworker import grid
from tests.gaze.conftest import Js

POSE = "({ pose }, [x, y, gaze]) => pose({ rows: y.length, cols: x.length, x, y }, gaze)"


def values(steps: int) -> list[float]:
    return [-15 + i * 30 / (steps - 1) for i in range(steps)]


def pose(js: Js, x: list[float], y: list[float], at: tuple[float, float]) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = js("grid.js", POSE, [x, y, {"x": at[0], "y": at[1]}])
    return cells


@pytest.mark.parametrize(
    ("steps", "expected"), [(30, grid.FULL_VALUES), (20, grid.MOBILE_VALUES), (6, grid.PREVIEW_VALUES), (1, (0,))]
)
def test_plain_grids_have_the_values_that_python_gives_them(js: Js, steps: int, expected: tuple[float, ...]) -> None:
    assert js("grid.js", "({ sheetValues }, n) => sheetValues(n)", steps) == pytest.approx(expected)


@pytest.mark.parametrize(("row", "col", "sheet"), [(14, 14, 0), (14, 15, 1), (15, 14, 2), (15, 15, 3)])
def test_quadrants_meet_in_the_middle(js: Js, row: int, col: int, sheet: int) -> None:
    place = "({ placeOf }, [r, c]) => placeOf({ rows: 30, cols: 30, sheets: ['', '', '', ''] }, r, c)"
    assert js("grid.js", place, [row, col]) == {"sheet": sheet, "row": row % 15, "col": col % 15}


def test_one_sheet_holds_the_whole_grid(js: Js) -> None:
    place = "({ placeOf }) => placeOf({ rows: 6, cols: 6, sheets: [''] }, 5, 4)"
    assert js("grid.js", place) == {"sheet": 0, "row": 5, "col": 4}


def test_a_coarse_level_shows_the_nearest_frame(js: Js) -> None:
    assert pose(js, values(6), values(6), (8.9, -14)) == [{"row": 0, "col": 4, "weight": 1}]


def test_the_nearest_frame_is_found_on_an_uneven_grid(js: Js) -> None:
    uneven = [-15.0, -2, -1, 0, 12]
    assert [pose(js, uneven, uneven, (x, -15))[0]["col"] for x in (-9, -8, 5.9, 6.1, 15)] == [0, 1, 3, 4, 4]


@pytest.mark.parametrize(("steps", "cells"), [(19, 1), (20, 4), (30, 4)])
def test_only_levels_of_twenty_steps_and_more_mix_their_neighbours(js: Js, steps: int, cells: int) -> None:
    assert len(pose(js, values(steps), values(steps), (0.4, 0.4))) == cells


def test_neighbours_are_mixed_by_nearness_in_value_not_in_index(js: Js) -> None:
    mixed = pose(js, list(grid.MOBILE_VALUES), list(grid.MOBILE_VALUES), (grid.MOBILE_VALUES[3] + 0.25, 15))
    step = grid.MOBILE_VALUES[4] - grid.MOBILE_VALUES[3]
    assert [(each["row"], each["col"]) for each in mixed] == [(19, 3), (19, 4)]
    assert [each["weight"] for each in mixed] == pytest.approx([1 - 0.25 / step, 0.25 / step])


def test_weights_sum_to_one(js: Js) -> None:
    mixed = pose(js, values(30), values(30), (3.3, -7.1))
    assert sum(each["weight"] for each in mixed) == pytest.approx(1)


@pytest.mark.parametrize(("at", "cell"), [((-40, -40), (0, 0)), ((40, -40), (0, 29)), ((40, 40), (29, 29))])
def test_beyond_the_edge_the_outermost_frame_stays(js: Js, at: tuple[float, float], cell: tuple[int, int]) -> None:
    assert pose(js, values(30), values(30), at) == [{"row": cell[0], "col": cell[1], "weight": 1}]


def test_a_value_of_the_grid_needs_no_mixing(js: Js) -> None:
    assert (
        len(pose(js, list(grid.FULL_VALUES), list(grid.FULL_VALUES), (grid.FULL_VALUES[7], grid.FULL_VALUES[20]))) == 1
    )
