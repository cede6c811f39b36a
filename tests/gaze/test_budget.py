from __future__ import annotations

from typing import Any

import pytest

from tests.gaze.conftest import Js

BUDGET = "({ deviceBudget }, device) => deviceBudget(device)"
NEXT = "({ nextLevel }, [levels, current, device]) => nextLevel(levels, current, device)?.name ?? null"
STANDARD, LARGE = (410, 512), (512, 640)


def level(name: str, steps: int, frame: tuple[int, int] | None = STANDARD) -> dict[str, Any]:
    size = frame and {"width": frame[0], "height": frame[1]}
    return {"name": name, "rows": steps, "cols": steps, "frame": size}


PREVIEW, MOBILE, FULL = level("preview", 6, (205, 256)), level("mobile", 20), level("full", 30)


def best(js: Js, levels: list[dict[str, Any]], current: dict[str, Any] | None = None, **device: Any) -> str | None:
    roomy = {"budget": 2e9, "inUse": 0, "maxLayers": 256, "maxSize": 2048}
    name: str | None = js("budget.js", NEXT, [levels, current, {**roomy, **device}])
    return name


@pytest.mark.parametrize(
    ("device", "level_that_must_fit", "level_that_must_not"),
    [
        ({"coarsePointer": False, "deviceMemory": 8}, level("full", 30, LARGE), None),
        ({"coarsePointer": False}, level("full", 30, STANDARD), level("full", 30, LARGE)),
        ({"coarsePointer": False, "deviceMemory": 4}, level("mobile", 20, LARGE), level("full", 30, STANDARD)),
        ({"coarsePointer": False, "deviceMemory": 2}, PREVIEW, level("mobile", 20, STANDARD)),
        ({"coarsePointer": True, "deviceMemory": 8}, level("mobile", 20, LARGE), level("full", 30, STANDARD)),
        ({"coarsePointer": True}, level("mobile", 20, STANDARD), level("mobile", 20, LARGE)),
        ({"coarsePointer": True, "deviceMemory": 2}, PREVIEW, level("mobile", 20, STANDARD)),
    ],
)
def test_each_class_of_device_holds_what_the_table_says(
    js: Js, device: dict[str, Any], level_that_must_fit: dict[str, Any], level_that_must_not: dict[str, Any] | None
) -> None:
    budget = js("budget.js", BUDGET, device)
    size = "({ levelBytes }, level) => levelBytes(level)"
    assert js("budget.js", size, level_that_must_fit) <= budget
    if level_that_must_not:
        assert js("budget.js", size, level_that_must_not) > budget


def test_the_preview_comes_first_and_the_finest_next(js: Js) -> None:
    assert best(js, [PREVIEW, MOBILE, FULL]) == "preview"
    assert best(js, [PREVIEW, MOBILE, FULL], PREVIEW) == "full"
    assert best(js, [PREVIEW, MOBILE, FULL], FULL) is None


def test_a_first_step_that_costs_nearly_as_much_is_skipped(js: Js) -> None:
    assert best(js, [MOBILE, FULL]) == "full"


def test_a_device_of_little_memory_stops_earlier(js: Js) -> None:
    assert best(js, [PREVIEW, MOBILE, FULL], PREVIEW, budget=400e6) == "mobile"
    assert best(js, [PREVIEW, MOBILE, FULL], MOBILE, budget=400e6) is None
    assert best(js, [PREVIEW, MOBILE, FULL], PREVIEW, budget=100e6) is None


def test_other_portraits_count(js: Js) -> None:
    assert best(js, [PREVIEW, MOBILE, FULL], PREVIEW, budget=1e9, inUse=500e6) == "mobile"


def test_the_coarsest_level_may_use_the_reserve_but_no_more(js: Js) -> None:
    assert best(js, [PREVIEW, FULL], budget=1e9, inUse=1e9) == "preview"
    assert best(js, [PREVIEW, FULL], budget=1e9, inUse=1.25e9) is None


def test_the_limits_of_texture_arrays_hold(js: Js) -> None:
    assert best(js, [PREVIEW, level("full", 30, (410, 4096))], PREVIEW, maxSize=2048) is None
    assert best(js, [PREVIEW, level("wide", 300, (16, 16))], PREVIEW, maxLayers=256) is None


def test_an_unknown_frame_is_taken_for_the_usual_one(js: Js) -> None:
    assert best(js, [level("mobile", 20, None), level("full", 30, None)], budget=800e6) == "full"
    assert best(js, [level("mobile", 20, None), level("full", 30, None)], budget=400e6) == "mobile"


def test_nothing_is_left_when_all_levels_have_failed(js: Js) -> None:
    assert best(js, []) is None
