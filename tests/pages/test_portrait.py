"""The page of one portrait while it is made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import WebSocketRoute, expect

from portraits.live.subscriptions import NOT_FOUND
from tests.pages.conftest import ORIGIN, Stand, answer_json
from tests.pages.test_progress import BEGINNING, READY, SESSION

FIRST: dict[str, Any] = {
    **BEGINNING,
    "alive": False,
    "shown": None,
    "manifest": None,
    "poster": None,
    "refining": None,
    "has_sheets": False,
    "can_ask_for_sheets": False,
    "advice": [],
}
ALIVE = {**FIRST, "sequence": 2, "alive": True, "shown": "1", "manifest": "/manifest.json", "poster": "/poster.webp"}
CHOSEN = {
    **ALIVE,
    "sequence": 3,
    "complete": True,
    "state": "ready",
    "can_cancel": False,
    "can_ask_for_sheets": True,
    "advice": ["The face is dark."],
}
WHOLE = {**CHOSEN, "sequence": 4, "has_sheets": True, "can_ask_for_sheets": False, "sheets": {**BEGINNING, **READY}}
PAGE = """<!doctype html><body>
<div id="portrait" data-socket="/ws/sessions/1/" data-progress="/sessions/1/progress.json">
<div id="stage"><gaze-tracker id="tracker"></gaze-tracker><button id="fullscreen" hidden>Fill</button></div>
<details id="rename"><summary>Ada</summary><input name="title" value="Ada"></details>
{panel}<ul id="advice" hidden></ul><a id="download" hidden>Download</a>
<form id="sheets-form" method="post" action="/sheets/" hidden><button>Prepare</button></form></div>
<script type="application/json" id="snapshot">{first}</script>
<script type="module" src="/static/site/portrait.js"></script>"""


@pytest.fixture
def sockets(stand: Stand) -> list[WebSocketRoute]:
    """The socket of an open page."""
    opened: list[WebSocketRoute] = []
    context = {"session": SESSION, "snapshot": FIRST, "csrf_token": "t"}
    panel = "".join(render_to_string(f"portraits/_{name}.html", context) for name in ("progress", "refining"))
    page = PAGE.format(panel=panel, first=json.dumps(FIRST))
    stand.answers["/"] = lambda route: route.fulfill(body=page, content_type="text/html")
    # Playwright takes no built-in function.
    stand.page.route_web_socket("**/ws/sessions/1/", lambda socket: opened.append(socket))
    stand.page.goto(ORIGIN + "/")
    stand.page.wait_for_function("document.querySelector('#fullscreen').hidden === false")
    return opened


def test_the_face_appears_as_soon_as_it_is_alive_and_the_download_when_its_sheets_are_there(
    stand: Stand, sockets: list[WebSocketRoute]
) -> None:
    tracker = stand.page.locator("#tracker")
    assert tracker.get_attribute("src") is None
    sockets[0].send(json.dumps(ALIVE))
    expect(tracker).to_have_attribute("src", "/manifest.json")
    expect(stand.page.locator("#download")).to_be_hidden()
    sockets[0].send(json.dumps(CHOSEN))
    expect(stand.page.locator("#download")).to_be_hidden()
    stand.answers["/sheets/"] = answer_json(WHOLE)
    stand.page.click("text=Prepare")
    expect(stand.page.locator("#download")).to_be_visible()
    expect(stand.page.locator("#sheets-form")).to_be_hidden()
    expect(stand.page.locator("#advice li")).to_have_text(["The face is dark."])


def test_stopping_is_sent_and_its_answer_shown_without_leaving_the_page(
    stand: Stand, sockets: list[WebSocketRoute]
) -> None:
    stopped = {**FIRST, "sequence": 9, "state": "cancelled", "can_cancel": False, "can_retry": True}
    stand.answers[f"/sessions/{SESSION.pk}/cancel/"] = answer_json(stopped)
    stand.page.click("#cancel")
    expect(stand.page.locator("#progress-label")).to_have_text("Stopped")
    expect(stand.page.locator("#retry")).to_be_visible()
    assert stand.page.url == ORIGIN + "/"


def test_a_portrait_that_is_gone_is_said(stand: Stand, sockets: list[WebSocketRoute]) -> None:
    sockets[0].close(code=NOT_FOUND)
    expect(stand.page.locator("#progress-words")).to_have_text("This portrait is not there any more.")


def test_renaming_begins_with_the_whole_title_selected(stand: Stand, sockets: list[WebSocketRoute]) -> None:
    stand.page.click("summary:has-text('Ada')")
    stand.page.wait_for_function("getSelection().toString() === 'Ada'")
