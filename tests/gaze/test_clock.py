from __future__ import annotations

from tests.gaze.conftest import Js

COUNT = """
let frames = 0;
const { requestAnimationFrame: native } = window;
window.requestAnimationFrame = (callback) => { frames += 1; return native.call(window, callback); };
const some = (count) => new Promise((resolve) => {
  const step = () => (count-- ? native.call(window, step) : resolve());
  step();
});
"""


def run(js: Js, body: str) -> list[float]:
    told: list[float] = js(
        "clock.js",
        f"async (clock) => {{ {COUNT} try {{ {body} }} finally {{ window.requestAnimationFrame = native; }} }}",
    )
    return told


def test_many_elements_share_one_loop_and_it_stops_when_nobody_wants_more(js: Js) -> None:
    body = """
    const turns = [0, 0, 0];
    turns.forEach((_, i) => clock.nextTurn({ turn: () => (turns[i] += 1) < 3 }));
    await some(8);
    return [frames, ...turns];
    """
    assert run(js, body) == [3, 3, 3, 3]


def test_a_wish_taken_back_leaves_no_frame_behind(js: Js) -> None:
    body = """
    let turns = 0;
    const one = { turn: () => { turns += 1; } };
    clock.nextTurn(one);
    clock.noTurn(one);
    await some(4);
    return [frames, turns];
    """
    assert run(js, body) == [1, 0]


def test_after_a_pause_the_first_step_is_short(js: Js) -> None:
    body = """
    const steps = [];
    const one = { turn: (seconds) => { steps.push(seconds); } };
    clock.nextTurn(one);
    await some(30);
    clock.nextTurn(one);
    await some(3);
    return steps;
    """
    assert all(0 <= step <= 0.1 for step in run(js, body))
