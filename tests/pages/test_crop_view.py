"""The crop on its canvas, moved by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from portraits.uploads.forms import CROP_LIMITS
from tests.pages.conftest import ORIGIN, Stand

SHOW = """async (limits) => {
  const { Crop } = await import('/static/site/crop.js');
  const { CropView } = await import('/static/site/crop-view.js');
  const photo = { width: 512, height: 512 };
  const box = { x: 190, y: 90, width: 90, height: 110 };
  const face = { box, width: 90, crop: { x: 120, y: 20, width: 230, height: 287 } };
  const canvas = document.querySelector('canvas');
  window.changes = 0;
  window.crop = new Crop(photo, face, limits);
  window.view = new CropView(canvas, photo, crop, () => { changes += 1; });
  const picture = new Image();
  picture.src = '/static/site/demo.jpg';
  await picture.decode();
  view.show(picture);
}"""
PAGE = """<!doctype html><link rel="stylesheet" href="/static/site/tokens.css">
<link rel="stylesheet" href="/static/site/confirm.css"><body>
<div class="crop-frame"><canvas class="crop-canvas" tabindex="0"></canvas></div>"""


@pytest.fixture
def page(stand: Stand) -> Page:
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE, content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    stand.page.evaluate(SHOW, CROP_LIMITS)
    return stand.page


def box(page: Page) -> dict[str, float]:
    found: dict[str, float] = page.evaluate("({ ...crop.box, canvas: document.querySelector('canvas').clientWidth })")
    return found


def test_the_picture_follows_the_hand(page: Page) -> None:
    before = box(page)
    page.mouse.move(200, 200)
    page.mouse.down()
    page.mouse.move(180, 210)
    page.mouse.up()
    page.mouse.move(300, 300)
    after = box(page)
    scale = before["width"] / before["canvas"]
    assert after["x"] - before["x"] == pytest.approx(20 * scale, abs=0.01)
    assert after["y"] - before["y"] == pytest.approx(-10 * scale, abs=0.01)
    assert page.evaluate("changes") == 1


def test_keys_move_zoom_and_set_back(page: Page) -> None:
    page.focus("canvas")
    before = box(page)
    page.keyboard.press("ArrowRight")
    assert box(page)["x"] == pytest.approx(before["x"] + 0.02 * before["width"])
    page.keyboard.press("+")
    assert box(page)["width"] == pytest.approx(before["width"] / 1.05)
    page.keyboard.press("0")
    assert page.evaluate("crop.automatic")


def test_a_wheel_that_merely_passes_scrolls_the_page(page: Page) -> None:
    before = box(page)
    page.mouse.move(150, 150)
    page.mouse.wheel(0, -200)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert box(page) == before
    page.focus("canvas")
    page.mouse.wheel(0, -200)
    page.wait_for_function("() => changes > 0")
    assert box(page)["width"] < before["width"]


def test_the_whole_picture_cannot_be_moved(page: Page) -> None:
    page.evaluate("() => { view.whole = true; }")
    before = box(page)
    page.focus("canvas")
    page.keyboard.press("ArrowRight")
    page.mouse.move(200, 200)
    page.mouse.down()
    page.mouse.move(150, 150)
    page.mouse.up()
    assert box(page) == before
    assert page.evaluate("changes") == 0


def test_something_is_drawn(page: Page) -> None:
    seen = "() => new Set(document.querySelector('canvas').getContext('2d').getImageData(0, 0, 200, 200).data).size"
    assert page.evaluate(seen) > 50
