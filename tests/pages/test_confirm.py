"""The choice of face, crop and options, by script."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from portraits.uploads.forms import CROP_LIMITS
from tests.pages.conftest import ORIGIN, Stand

PAGE = """<!doctype html><body>
<form id="confirm-form" method="post" action="/sent/">
<input type="hidden" name="crop" id="crop">
<svg id="crop-still"></svg>
<canvas id="crop-canvas" data-photo="/static/site/demo.jpg" data-thumbnail="/static/site/demo.jpg" hidden></canvas>
<div id="crop-tools"><input type="range" id="zoom" min="0" max="1" step="0.005">
<button type="button" id="crop-reset">Back</button></div>
<input type="radio" name="face" value="0" checked><input type="radio" name="face" value="1">
<ul id="advice"></ul><button id="bring-to-life">Bring it to life</button>
<input type="radio" name="framing" value="auto" checked><input type="radio" name="framing" value="whole">
<div id="sizes"><input type="radio" name="size" value="standard">
<input type="radio" name="size" value="large" checked></div>
</form>
<svg id="faces-map" viewBox="0 0 800 1000"><circle id="place"/>
<rect class="face-box usable" data-face="1" x="500" y="300" width="100" height="120"/></svg><p id="point-hint"></p>
<form id="place-form"><input name="x"><input name="y"></form>
<script type="application/json" id="crop-data">{data}</script>
<script type="module" src="/static/site/confirm.js"></script>"""


def face(index: int, width: float, advice: list[str]) -> dict[str, Any]:
    box = {"x": 100 + 400 * index, "y": 300, "width": width, "height": width * 1.2}
    return {
        "index": index,
        "box": box,
        "width": width,
        "crop": {"x": 50, "y": 200, "width": 400, "height": 499.5},
        "advice": advice,
    }


@pytest.fixture
def form(stand: Stand, request: pytest.FixtureRequest) -> Stand:
    limits = {**CROP_LIMITS, **getattr(request, "param", {})}
    faces = [face(0, 150, []), face(1, 100, ["The face is small."])]
    data = json.dumps({"width": 800, "height": 1000, "faces": faces, "limits": limits})
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE.format(data=data), content_type="text/html")
    stand.answers["/sent/"] = lambda route: route.fulfill(body="sent", content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    expect(stand.page.locator("#crop-canvas")).to_be_visible()
    return stand


def test_a_chosen_face_brings_its_advice_and_takes_away_the_size_that_it_is_too_narrow_for(form: Stand) -> None:
    large = form.page.locator("input[value=large]")
    expect(large).to_be_enabled()
    form.page.check("input[name=face][value='1']")
    expect(form.page.locator("#advice li")).to_have_text(["The face is small."])
    expect(large).to_be_disabled()
    expect(form.page.locator("input[value=standard]")).to_be_checked()


@pytest.mark.parametrize("form", [{"large_face": 99.0}], indirect=True)
def test_how_wide_a_face_must_be_for_the_large_size_is_the_sites_to_say(form: Stand) -> None:
    form.page.check("input[name=face][value='1']")
    expect(form.page.locator("input[value=large]")).to_be_enabled()


def test_a_click_on_a_face_in_the_photo_chooses_it(form: Stand) -> None:
    form.page.locator(".face-box").dispatch_event("click")
    expect(form.page.locator("input[name=face][value='1']")).to_be_checked()


def test_a_crop_is_sent_once_it_was_moved_and_not_once_it_is_set_back(form: Stand) -> None:
    field = form.page.locator("#crop")
    expect(field).to_have_value("")
    form.page.locator("#zoom").fill("1")
    expect(field).not_to_have_value("")
    form.page.click("#crop-reset")
    expect(field).to_have_value("")


def test_the_whole_picture_has_nothing_to_zoom(form: Stand) -> None:
    form.page.check("input[value=whole]")
    expect(form.page.locator("#zoom")).to_be_disabled()


def test_the_button_says_that_it_goes_on(form: Stand) -> None:
    form.page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())")
    form.page.click("#bring-to-life")
    expect(form.page.locator("#bring-to-life")).to_have_text("Waking it up")
