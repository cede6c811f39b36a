"""The window that a person moves over their photo."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

Js = Callable[..., Any]

PHOTO = {"width": 1000, "height": 1500}
FACE = {
    "box": {"x": 400, "y": 500, "width": 200, "height": 260},
    "width": 190,
    "crop": {"x": 260, "y": 380, "width": 480, "height": 599},
}
ACT = """({ Crop }, { photo, face, acts }) => {
  const crop = new Crop(photo, face);
  return acts.map(([name, ...values]) => {
    if (name === 'zoom') [crop.zoom] = values;
    else crop[name](...values);
    return { ...crop.box, zoom: crop.zoom, automatic: crop.automatic, text: String(crop) };
  });
}"""


def after(js: Js, *acts: list[Any], photo: Any = PHOTO, face: Any = FACE) -> list[dict[str, Any]]:
    states: list[dict[str, Any]] = js("crop.js", ACT, {"photo": photo, "face": face, "acts": acts})
    return states


def test_it_begins_with_what_the_site_suggests_and_can_go_back_to_it(js: Js) -> None:
    untouched, moved, back = after(js, ["move", 0, 0], ["move", 30, -20], ["reset"])
    assert untouched["automatic"]
    assert not moved["automatic"]
    assert (moved["x"], moved["y"]) == (290, 360)
    assert moved["text"] == f"290.0,360.0,480.0,{moved['height']:.1f}"
    assert back["automatic"]


def test_whatever_is_done_the_face_stays_inside_and_the_shape_the_same(js: Js) -> None:
    chance = random.Random(7)
    acts: list[list[Any]] = []
    for _ in range(300):
        acts.append(["move", chance.uniform(-900, 900), chance.uniform(-900, 900)])
        acts.append(["scale", chance.uniform(0.3, 3), {"x": chance.random(), "y": chance.random()}])
    box = FACE["box"]
    for state in after(js, *acts):
        assert state["height"] / state["width"] == pytest.approx(512 / 410)
        assert state["x"] <= box["x"] + 1e-6  # type: ignore[index]
        assert state["y"] <= box["y"] + 1e-6  # type: ignore[index]
        assert state["x"] + state["width"] >= box["x"] + box["width"] - 1e-6  # type: ignore[index]
        assert state["y"] + state["height"] >= box["y"] + box["height"] - 1e-6  # type: ignore[index]
        assert -1e-6 <= state["x"] <= PHOTO["width"] - state["width"] + 1e-6
        assert -1e-6 <= state["y"] <= PHOTO["height"] - state["height"] + 1e-6


def test_zoom_goes_from_as_much_as_there_is_to_as_close_as_the_face_allows(js: Js) -> None:
    wide, close, half = after(js, ["zoom", 0], ["zoom", 1], ["zoom", 0.5])
    assert wide["width"] == pytest.approx(1000)
    assert close["width"] == pytest.approx(260 * 410 / 512 * 1.14)
    assert half["zoom"] == pytest.approx(0.5)


def test_it_never_shows_the_face_smaller_than_a_gaze_can_be_seen(js: Js) -> None:
    photo = {"width": 6000, "height": 9000}
    small = {**FACE, "width": 60, "box": {"x": 400, "y": 500, "width": 64, "height": 80}}
    (wide,) = after(
        js, ["zoom", 0], photo=photo, face={**small, "crop": {"x": 360, "y": 460, "width": 150, "height": 187}}
    )
    assert 60 * 410 / wide["width"] >= 40


def test_a_suggestion_beyond_the_photos_edge_is_where_it_begins(js: Js) -> None:
    tight = {**FACE, "box": {"x": 10, "y": 5, "width": 200, "height": 260}}
    (start,) = after(js, ["reset"], face={**tight, "crop": {"x": -60, "y": -80, "width": 400, "height": 500}})
    assert (start["x"], start["y"], start["automatic"]) == (-60, -80, True)


def test_scaling_keeps_the_point_under_the_fingers(js: Js) -> None:
    before, scaled = after(js, ["move", 0, 0], ["scale", 0.9, {"x": 0.4, "y": 0.5}])
    assert scaled["x"] + 0.4 * scaled["width"] == pytest.approx(before["x"] + 0.4 * before["width"])
    assert scaled["y"] + 0.5 * scaled["height"] == pytest.approx(before["y"] + 0.5 * 480 * 512 / 410, abs=1)
