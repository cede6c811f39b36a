"""The share panel: changed in place, and what it shows can be copied."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import ORIGIN, Stand

PANEL = """<section class="share-panel"><h2 tabindex="-1">Share</h2>
<form data-share method="post" action="/share/"><button type="submit">{button}</button></form>{rest}</section>"""
LINK = '<input id="new-link" value="http://site.test/s/1/"><button data-copy="new-link" hidden>Copy</button>'
PAGE = '<!doctype html><body>{panel}<script type="module" src="/static/site/share.js"></script>'


@pytest.fixture
def panel(stand: Stand) -> Stand:
    page = PAGE.format(panel=PANEL.format(button="Make a link", rest=""))
    stand.answers["/"] = lambda route: route.fulfill(body=page, content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    return stand


def test_a_new_link_is_shown_in_place_selected_and_ready_to_be_copied(panel: Stand) -> None:
    answer = PANEL.format(button="Make another", rest=LINK)
    panel.answers["/share/"] = lambda route: route.fulfill(body=answer, content_type="text/html")
    panel.page.click("text=Make a link")
    expect(panel.page.locator("#new-link")).to_be_focused()
    copy = panel.page.locator("button[data-copy]")
    expect(copy).to_be_visible()
    panel.page.context.grant_permissions(["clipboard-write"])
    copy.click()
    expect(copy).to_have_text("Selected")  # an insecure page may not write to the clipboard


def test_a_button_may_name_an_address_of_its_own(panel: Stand) -> None:
    revoke = (
        '<form id="revoke" data-share method="post"></form><button form="revoke" formaction="/revoke/">Revoke</button>'
    )
    panel.answers["/share/"] = lambda route: route.fulfill(
        body=PANEL.format(button="Make another", rest=revoke), content_type="text/html"
    )
    panel.answers["/revoke/"] = lambda route: route.fulfill(
        body=PANEL.format(button="Make one", rest=""), content_type="text/html"
    )
    panel.page.click("text=Make a link")
    panel.page.click("text=Revoke")
    expect(panel.page.get_by_role("button", name="Make one")).to_be_visible()
    assert panel.asked[-1] == "POST /revoke/"


def test_an_answer_without_a_panel_is_said_and_the_button_works_again(panel: Stand) -> None:
    panel.answers["/share/"] = lambda route: route.fulfill(status=500, body="<h1>proxy</h1>")
    with panel.page.expect_console_message(lambda message: "status 500" in message.text):
        panel.page.click("text=Make a link")
    expect(panel.page.get_by_role("alert")).to_contain_text("That did not work.")
    expect(panel.page.get_by_role("button", name="Make a link")).to_be_enabled()
