"""The button that gives a shared page the whole screen."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.pages.conftest import ORIGIN, Stand

PAGE = """<!doctype html><body><button class="whole-screen" hidden>Fill</button>
<script type="module" src="/static/site/whole-screen.js"></script>"""


def test_the_page_fills_the_screen_and_comes_back(stand: Stand) -> None:
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE, content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    button = stand.page.locator("button")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_attribute("aria-label", "Leave the whole screen")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")


def test_where_there_is_no_full_screen_there_is_no_button(stand: Stand) -> None:
    stand.page.add_init_script("Object.defineProperty(document, 'fullscreenEnabled', { value: false })")
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE, content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    expect(stand.page.locator("button")).to_be_hidden()
