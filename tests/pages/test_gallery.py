"""A list of portraits: one at most is alive."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import ORIGIN, Stand

TILE = """<li class="tile" data-manifest="/{name}.json">
<a href="#" id="{name}"><span class="tile-frame">{name}</span></a>
<button class="wake" aria-pressed="false">wake {name}</button></li>"""
PAGE = f"""<!doctype html><body><p id="beside">Beside</p>
<ul class="tiles">{TILE.format(name="ada")}{TILE.format(name="bob")}</ul>
<script type="module" src="/static/site/gallery.js"></script>"""


@pytest.fixture
def gallery(stand: Stand) -> Stand:
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE, content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    return stand


def test_the_portrait_under_the_pointer_is_alive_and_no_other(gallery: Stand) -> None:
    tracker = gallery.page.locator("gaze-tracker")
    for name in ("ada", "bob"):
        gallery.page.hover(f"#{name}")
        expect(tracker).to_have_attribute("src", f"/{name}.json")
        expect(tracker).to_have_attribute("no-poll", "")
    gallery.page.hover("#beside")
    expect(tracker).to_have_count(0)


def test_the_eye_on_a_portrait_wakes_it_and_lets_it_sleep(gallery: Stand) -> None:
    eye = gallery.page.get_by_role("button", name="wake ada")
    eye.dispatch_event("click")
    expect(eye).to_have_attribute("aria-pressed", "true")
    expect(gallery.page.locator(".tile.live gaze-tracker")).to_have_attribute("src", "/ada.json")
    eye.dispatch_event("click")
    expect(eye).to_have_attribute("aria-pressed", "false")
    expect(gallery.page.locator("gaze-tracker")).to_have_count(0)
