"""One part of a page that fills the screen."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.pages.conftest import ORIGIN, Stand

PAGE = """<!doctype html><body><div id="stage"><button id="fill" hidden>Fill</button></div>
<script type="module">
import { offerFullscreen } from '/static/site/fullscreen.js';
const stage = document.querySelector('#stage');
if (location.search) stage.requestFullscreen = undefined;
offerFullscreen(stage, document.querySelector('#fill'));
</script>"""


def test_the_button_fills_the_screen_and_empties_it_again(stand: Stand) -> None:
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE, content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    button = stand.page.locator("#fill")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_attribute("aria-label", "Leave the full screen")
    stand.page.wait_for_function("document.fullscreenElement?.id === 'stage'")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    stand.page.wait_for_function("document.fullscreenElement === null")


def test_where_a_browser_has_no_full_screen_the_window_is_filled_until_escape(stand: Stand) -> None:
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE, content_type="text/html")
    stand.page.goto(ORIGIN + "/?without")
    stand.page.locator("#fill").click()
    expect(stand.page.locator("#stage")).to_have_class("filling")
    stand.page.keyboard.press("Escape")
    expect(stand.page.locator("#stage")).not_to_have_class("filling")
