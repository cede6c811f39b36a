"""The panel that says how the making goes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, get_args

import pytest
from playwright.sync_api import Locator, expect

from gpuworker.contract import TileState
from tests.pages.conftest import Stand

SESSION = SimpleNamespace(pk="8c5bd0a2-6c4b-4f58-9d70-7b1f7e3f9a11")
BEGINNING: dict[str, Any] = {
    "sequence": 1,
    "state": "rendering",
    "alive": True,
    "complete": False,
    "position": None,
    "stage": "rendering",
    "label": "Drawing every direction",
    "message": "Rendered 96 of 936 frames",
    "current": 96,
    "total": 936,
    "attempt": 1,
    "tiles": [{"name": "preview.webp", "state": "done"}, {"name": "q0.webp", "state": "rendering"}],
    "log": [{"t": 0.0, "text": "Starting"}, {"t": 61.4, "text": "Alive"}],
    "eta_seconds": None,
    "seconds": None,
    "error": None,
    "can_cancel": True,
    "can_retry": False,
    "sheets": None,
}
READY: dict[str, Any] = {"state": "ready", "complete": True, "can_cancel": False, "seconds": 0.4}
SHEETS: dict[str, Any] = {**BEGINNING, "total": 936, "current": 96}
PANEL = """async () => {
  const { Panel } = await import('/static/site/progress.js');
  window.panel = new Panel(document.querySelector('#progress'));
}"""


@pytest.fixture
def panel(stand: Stand) -> Stand:
    stand.open("portraits/_progress.html", {"session": SESSION, "snapshot": BEGINNING, "csrf_token": "t"})
    stand.page.evaluate(PANEL)
    return stand


def show(panel: Stand, **changes: Any) -> None:
    panel.page.evaluate("(snapshot) => panel.show(snapshot)", {**BEGINNING, **changes})


def part(panel: Stand, name: str) -> Locator:
    return panel.page.locator(f"#{name}")


def test_stage_counter_bar_and_time_left_are_shown(panel: Stand) -> None:
    show(panel, current=480, eta_seconds=12.4)
    expect(part(panel, "progress-label")).to_have_text("Drawing every direction")
    expect(part(panel, "progress-counter")).to_have_text("480 of 936")
    expect(part(panel, "progress-bar")).to_have_js_property("value", 480)
    expect(part(panel, "progress-words")).to_have_text("Already alive: about 12 seconds more.")


@pytest.mark.parametrize(
    ("position", "words"),
    [(1, "Yours is next."), (2, "1 portrait is before yours."), (5, "4 portraits are before yours.")],
)
def test_who_waits_knows_how_long_the_queue_is(panel: Stand, position: int, words: str) -> None:
    show(panel, state="queued", position=position, total=0, current=0)
    expect(part(panel, "progress-words")).to_have_text(words)
    expect(part(panel, "progress-bar")).not_to_have_attribute("value", "0")


def test_each_sheet_has_a_tile_that_says_what_it_is(panel: Stand) -> None:
    tiles = [
        {"name": "preview.webp", "state": "done"},
        {"name": "q0.webp", "state": "encoding"},
        {"name": "q3_20.webp", "state": "pending"},
    ]
    show(panel, tiles=tiles)
    found = panel.page.locator(".sheet")
    expect(found).to_have_text(["Preview: stored", "Large sheet 1: being packed", "Small sheet 4: waiting"])
    expect(found.nth(1)).to_have_attribute("data-state", "encoding")


@pytest.mark.parametrize("state", get_args(TileState))
def test_every_state_of_a_sheet_has_words(panel: Stand, state: str) -> None:
    show(panel, tiles=[{"name": "preview.webp", "state": state}])
    words = panel.page.locator("#progress-tiles li").get_attribute("title")
    assert words is not None
    assert words.startswith("Preview: ")
    assert not words.endswith(f": {state}")


def test_the_log_grows_by_stamped_lines_and_begins_anew_with_another_attempt(panel: Stand) -> None:
    show(panel)
    lines = panel.page.locator("#progress-lines li")
    expect(lines).to_have_text(["00:00 Starting", "01:01 Alive"])
    show(panel, log=[*BEGINNING["log"], {"t": 62, "text": "More"}])
    expect(lines).to_have_count(3)
    show(panel, log=[{"t": 0, "text": "Again"}])
    expect(lines).to_have_text(["00:00 Again"])


def test_a_failure_is_a_sentence_with_a_way_on(panel: Stand) -> None:
    error = {"code": "worker_died", "sentence": "The rendering process stopped unexpectedly."}
    show(panel, state="failed", label="Failed", error=error, can_cancel=False, can_retry=True)
    expect(part(panel, "progress-label")).to_have_text("It did not work")
    expect(part(panel, "progress-words")).to_have_text(error["sentence"])
    expect(part(panel, "retry")).to_be_visible()
    expect(part(panel, "cancel")).to_be_hidden()
    expect(part(panel, "progress-live")).to_have_text(f"It did not work. {error['sentence']}")


def test_when_all_is_there_it_says_so_and_folds_away(panel: Stand) -> None:
    show(panel, **READY)
    expect(part(panel, "progress-label")).to_have_text("Ready")
    expect(part(panel, "progress-words")).to_have_text("Alive after 0.4 seconds.")
    expect(part(panel, "progress-live")).to_have_text("Ready")
    expect(part(panel, "progress")).to_be_hidden(timeout=60_000)


def test_while_the_sheets_are_drawn_it_says_that_the_portrait_is_alive(panel: Stand) -> None:
    show(panel, **READY, sheets={**SHEETS, "eta_seconds": 12.4})
    expect(part(panel, "progress-label")).to_have_text("Sheets for downloads")
    expect(part(panel, "progress-counter")).to_have_text("96 of 936")
    words = "The portrait is alive. Its sheets are being drawn: about 12 seconds more."
    expect(part(panel, "progress-words")).to_have_text(words)
    expect(part(panel, "cancel")).to_be_visible()
    show(panel, **READY, sheets={**SHEETS, "state": "ready", "can_cancel": False, "seconds": 14.2})
    expect(part(panel, "progress-words")).to_have_text("All 936 directions, in 14 seconds.")
    expect(part(panel, "progress")).to_be_hidden(timeout=60_000)


def test_sheets_that_were_stopped_are_said_and_the_panel_folds_away(panel: Stand) -> None:
    show(panel, **READY, sheets=SHEETS)
    show(panel, **READY, sheets={**SHEETS, "state": "cancelled", "can_cancel": False, "can_retry": True})
    expect(part(panel, "progress-label")).to_have_text("Stopped")
    words = "You stopped the sheets for downloads. The living portrait stays."
    expect(part(panel, "progress-words")).to_have_text(words)
    expect(part(panel, "progress")).to_be_hidden(timeout=60_000)
    show(panel, **READY, sheets={**SHEETS, "state": "queued", "position": 1, "total": 0})
    expect(part(panel, "progress-words")).to_have_text("The portrait is alive. Its sheets are next.")


def test_sheets_that_failed_have_a_sentence_with_a_way_on(panel: Stand) -> None:
    error = {"code": "worker_died", "sentence": "The rendering process stopped unexpectedly."}
    failed = {**SHEETS, "state": "failed", "error": error, "can_cancel": False, "can_retry": True}
    show(panel, **READY, sheets=failed)
    expect(part(panel, "progress-words")).to_contain_text("The living portrait stays.")
    expect(part(panel, "retry")).to_be_visible()


def test_files_that_are_whole_before_the_end_is_booked_are_not_yet_the_end(panel: Stand) -> None:
    show(panel, state="ready", complete=True, can_cancel=True, current=936)
    expect(part(panel, "progress")).not_to_have_attribute("data-state", "ready")
    show(panel, state="ready", complete=True, can_cancel=False, seconds=3)
    expect(part(panel, "progress")).to_have_attribute("data-state", "ready")


def test_a_screen_reader_hears_each_stage_once(panel: Stand) -> None:
    panel.page.evaluate(
        "() => { window.heard = 0; new MutationObserver(() => { heard += 1; })"
        ".observe(document.querySelector('#progress-live'), { childList: true }); }"
    )
    for current in range(100, 200, 10):
        show(panel, current=current)
    assert panel.page.evaluate("heard") == 1


def test_without_a_script_the_panel_says_the_same(stand: Stand) -> None:
    stand.open("portraits/_progress.html", {"session": SESSION, "snapshot": BEGINNING, "csrf_token": "t"})
    expect(stand.page.locator("#progress-counter")).to_have_text("96 of 936")
    expect(stand.page.locator("#progress-words")).to_have_text("Rendered 96 of 936 frames")
    expect(stand.page.locator("#cancel")).to_be_visible()
