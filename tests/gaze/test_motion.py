from __future__ import annotations

import math

import pytest

from tests.gaze.conftest import Js

CONSTANT = "({ timeConstant }, smoothing) => timeConstant(smoothing)"
MOVE = """({ Motion }, [rate, seconds]) => {
  const motion = new Motion();
  for (let i = 0; i < rate * seconds; i += 1) motion.step({ x: 15, y: -15 }, 1 / rate);
  return motion.position;
}"""
ARRIVE = """({ Motion }) => {
  const motion = new Motion();
  let steps = 1;
  while (motion.step({ x: 15, y: 3 }, 1 / 60)) steps += 1;
  return [steps, motion.position];
}"""


def test_a_sixtieth_of_a_second_goes_the_originals_share_of_the_way(js: Js) -> None:
    step = "({ Motion }) => { const m = new Motion(); m.step({ x: 10, y: 0 }, 1 / 60); return m.position.x; }"
    assert js("motion.js", step) == pytest.approx(1.2)


@pytest.mark.parametrize("rate", [30, 75, 120, 240])
def test_the_gaze_is_at_the_same_place_whatever_the_refresh_rate(js: Js, rate: int) -> None:
    position = js("motion.js", MOVE, [rate, 0.2])
    expected = 15 * (1 - (1 - 0.12) ** (0.2 * 60))
    assert position == {"x": pytest.approx(expected), "y": pytest.approx(-expected)}


def test_it_arrives_exactly_and_says_so(js: Js) -> None:
    steps, position = js("motion.js", ARRIVE)
    assert position == {"x": 15, "y": 3}
    assert steps < 90


@pytest.mark.parametrize("smoothing", [0, -1, 2, None])
def test_smoothing_that_makes_no_sense_is_the_default(js: Js, smoothing: float | None) -> None:
    assert js("motion.js", CONSTANT, smoothing) == pytest.approx(-1 / 60 / math.log(0.88))


def test_smoothing_of_one_follows_at_once(js: Js) -> None:
    follow = """({ Motion, timeConstant }) => {
      const motion = new Motion();
      motion.constant = timeConstant(1);
      return [motion.step({ x: 7, y: 7 }, 0), motion.position.x];
    }"""
    assert js("motion.js", follow) == [False, 7]
