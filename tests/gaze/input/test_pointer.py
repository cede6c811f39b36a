from __future__ import annotations

from typing import Any

from tests.gaze.conftest import Js


def watch(js: Js, *steps: str) -> list[Any]:
    """Each step in turn, with what `watchPointer` told and where the pointer then was."""
    function = f"""async ({{ watchPointer, pointerPosition }}) => {{
      const told = [];
      const stop = watchPointer((moved) => told.push(moved));
      const note = () => told.push(pointerPosition() && [pointerPosition().x, pointerPosition().y]);
      const touch = (type, ...points) => document.body.dispatchEvent(new TouchEvent(type, {{ bubbles: true,
        touches: points.map(([clientX, clientY], identifier) =>
          new Touch({{ identifier, target: document.body, clientX, clientY }})) }}));
      const mouse = (type, clientX, clientY, pointerType = 'mouse') => document.documentElement
        .dispatchEvent(new PointerEvent(type, {{ bubbles: true, clientX, clientY, pointerType }}));
      const gone = () => new Promise((resolve) => {{ const end = watchPointer(() => {{ end(); resolve(); }}); }});
      {" note();".join(steps)} note();
      stop();
      return told;
    }}"""
    told: list[Any] = js("input/pointer.js", function)
    return told


def test_the_mouse_is_followed_anywhere(js: Js) -> None:
    assert watch(js, "mouse('pointermove', 30, 40);") == [True, [30, 40]]


def test_a_mouse_that_left_lingers_and_then_is_gone(js: Js) -> None:
    told = watch(js, "mouse('pointermove', 30, 40);", "mouse('pointerleave');", "await gone();")
    assert told == [True, [30, 40], [30, 40], False, None]


def test_one_finger_is_followed_until_it_lifts(js: Js) -> None:
    told = watch(
        js, "touch('touchstart', [5, 6]);", "touch('touchmove', [7, 8]);", "touch('touchend');", "await gone();"
    )
    assert told == [True, [5, 6], True, [7, 8], [7, 8], False, None]


def test_of_two_fingers_the_middle_counts(js: Js) -> None:
    assert watch(js, "touch('touchmove', [1, 2], [51, 60]);") == [True, [26, 31]]


def test_pointer_events_of_a_finger_are_left_to_its_touch_events(js: Js) -> None:
    assert watch(js, "mouse('pointermove', 1, 2, 'touch');") == [None]


def test_a_mouse_that_comes_back_in_time_stays(js: Js) -> None:
    told = watch(js, "mouse('pointermove', 1, 2);", "mouse('pointerleave');", "mouse('pointermove', 3, 4);")
    assert told == [True, [1, 2], [1, 2], True, [3, 4]]


def test_nobody_watching_means_nothing_is_remembered(js: Js) -> None:
    forget = """async ({ watchPointer, pointerPosition }) => {
      const stop = watchPointer(() => {});
      dispatchEvent(new PointerEvent('pointermove', { clientX: 9, clientY: 9 }));
      stop();
      return pointerPosition();
    }"""
    assert js("input/pointer.js", forget) is None


FRAME = """
const frame = document.createElement('iframe');
frame.style.cssText = 'position: fixed; left: 100px; top: 100px; width: 50px; height: 50px';
document.body.append(frame);
const over = (pointerType) => frame.dispatchEvent(
  new PointerEvent('pointerover', { bubbles: true, clientX: 101, clientY: 120, pointerType }));
"""


def test_a_mouse_in_a_frame_stays_where_it_went_in(js: Js) -> None:
    press = """
      const { setTimeout } = window;
      window.setTimeout = (...values) => { told.push('leaves'); return setTimeout(...values); };
      frame.focus(); dispatchEvent(new Event('blur')); note();
      frame.blur(); dispatchEvent(new Event('blur'));
      window.setTimeout = setTimeout; frame.remove();"""
    assert watch(js, f"{FRAME} over('mouse');", press)[2:5] == [[101, 120], "leaves", [101, 120]]


def test_a_finger_on_a_frame_is_left_to_its_touch_events(js: Js) -> None:
    assert watch(js, f"{FRAME} over('touch'); frame.remove();") == [None]
