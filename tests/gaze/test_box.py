from __future__ import annotations

import pytest

from tests.gaze.conftest import Js

MEASURE = """async ({ boxOf }, known) => {
  document.body.innerHTML = '<div style="zoom: 2"><p style="zoom: 1.5; width: 100px; height: 20px"></p></div>';
  const element = document.querySelector('p');
  const { width } = element.getBoundingClientRect();
  // An engine that does not tell the zoom does not count it in its boxes either.
  if (!known) {
    Object.defineProperty(element, 'currentCSSZoom', { value: undefined });
    element.getBoundingClientRect = () => new DOMRect(10, 20, 100, 20);
  }
  const box = boxOf(element);
  document.body.replaceChildren();
  return { width, box: [box.x, box.y, box.width, box.height] };
}"""


def test_where_the_engine_counts_zoom_in_the_box_is_its_own(js: Js) -> None:
    told = js("box.js", MEASURE, True)
    assert told["box"][2] == told["width"] == 300


def test_where_the_engine_leaves_zoom_out_it_is_counted_in(js: Js) -> None:
    assert js("box.js", MEASURE, False)["box"] == pytest.approx([30, 60, 300, 60])
