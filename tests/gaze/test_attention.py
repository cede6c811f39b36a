from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Error

from tests.gaze.conftest import Js

BOX = "{ left: 0, top: 0, width: 0, height: 0 }"


def attend(js: Js, body: str) -> Any:
    return js("attention.js", f"({{ Attention }}) => {{ const a = new Attention(); {body} return a.target({BOX}); }}")


def test_nothing_to_look_at_means_straight_ahead(js: Js) -> None:
    assert attend(js, "") == {"x": 0, "y": 0}


def test_told_places_run_from_minus_one_to_one_and_are_clamped(js: Js) -> None:
    assert attend(js, "a.tell(-0.5, 3);") == {"x": -7.5, "y": 15}


def test_null_gives_the_gaze_back(js: Js) -> None:
    assert attend(js, "a.tell(1, 1); a.tell(null);") == {"x": 0, "y": 0}


@pytest.mark.parametrize("values", ["'1', 0", "NaN, 0", "1", "undefined, undefined"])
def test_what_is_no_number_is_a_mistake_of_the_caller(js: Js, values: str) -> None:
    with pytest.raises(Error, match="TypeError"):
        attend(js, f"a.tell({values});")


def test_arrow_keys_step_from_where_the_gaze_is(js: Js) -> None:
    from_here = "{ x: 3, y: 0 }"
    assert attend(js, f"a.steer('ArrowRight', {from_here}); a.steer('ArrowDown', {from_here});") == {
        "x": 6.75,
        "y": 3.75,
    }


def test_arrow_keys_stop_at_the_edge(js: Js) -> None:
    assert attend(js, "for (let i = 0; i < 9; i += 1) a.steer('ArrowUp', { x: 0, y: 0 });") == {"x": 0, "y": -15}


def test_other_keys_mean_nothing(js: Js) -> None:
    assert js("attention.js", "({ Attention }) => new Attention().steer('toString', { x: 0, y: 0 })") is False


def test_letting_go_of_the_keys_looks_ahead_again(js: Js) -> None:
    assert attend(js, "a.steer('ArrowUp', { x: 0, y: 0 }); a.letGo();") == {"x": 0, "y": 0}


def test_what_the_page_says_outranks_the_keys(js: Js) -> None:
    assert attend(js, "a.tell(0.2, 0); a.steer('ArrowUp', { x: 0, y: 0 });") == {"x": 3, "y": 0}
