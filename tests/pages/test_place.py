"""Pointing at a face that was not found, by hand and by keys."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route

from tests.pages.conftest import ORIGIN, Stand

PAGE = """<!doctype html><link rel="stylesheet" href="/static/site/tokens.css">
<link rel="stylesheet" href="/static/site/confirm.css"><body>
<div class="faces-photo"><svg id="faces-map" viewBox="0 0 800 400" width="400" height="200">
<rect class="face-box usable" x="100" y="100" width="100" height="100"/><circle id="place" visibility="hidden"/>
</svg></div><p id="point-hint"></p>
<form id="place-form" method="post" action="/faces/" hidden><input name="x"><input name="y"></form>"""
READY = """async () => {
  const { letPeoplePoint } = await import('/static/site/place.js');
  const form = document.querySelector('#place-form');
  window.sent = [];
  form.submit = () => sent.push([Number(form.elements.x.value), Number(form.elements.y.value)]);
  letPeoplePoint(document.querySelector('#faces-map'), form);
}"""


@pytest.fixture
def page(stand: Stand) -> Page:
    def answer(route: Route) -> None:
        route.fulfill(body=PAGE, content_type="text/html")

    stand.answers["/"] = answer
    stand.page.goto(ORIGIN + "/")
    stand.page.evaluate(READY)
    return stand.page


def sent(page: Page) -> list[list[float]]:
    found: list[list[float]] = json.loads(page.evaluate("JSON.stringify(sent)"))
    return found


def click(page: Page, x: float, y: float) -> None:
    """Click at a place in the photo, 0 … 1."""
    box = page.locator("#faces-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_a_click_looks_where_it_points_and_once_only(page: Page) -> None:
    click(page, 0.75, 0.25)
    click(page, 0.5, 0.9)
    assert sent(page) == [[pytest.approx(0.75, abs=0.01), pytest.approx(0.25, abs=0.01)]]
    assert page.locator("#point-hint").inner_text() == "Looking there…"


def test_a_click_on_a_face_that_was_found_only_chooses_it(page: Page) -> None:
    click(page, 0.18, 0.37)
    assert sent(page) == []


def test_keys_move_a_ring_that_is_seen_and_enter_looks_there(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.locator("#place").get_attribute("visibility") == "visible"
    for key in ["ArrowRight"] * 4 + ["ArrowUp"] * 2:
        page.keyboard.press(key)
    assert sent(page) == []
    page.keyboard.press("Enter")
    assert sent(page) == [[pytest.approx(0.6), pytest.approx(0.4)]]


def test_the_ring_stays_on_the_photo(page: Page) -> None:
    page.keyboard.press("Tab")
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert sent(page) == [[0, 0.5]]


def test_other_keys_stay_the_browsers(page: Page) -> None:
    page.keyboard.press("Tab")
    for key in ("a", "Escape", "Control+ArrowLeft"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert sent(page) == [[0.5, 0.5]]
