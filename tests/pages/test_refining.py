"""The line that says how the refined pass goes, and how long the page goes on listening."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import Stand

SENTENCE = "A refined version is being made: 12 of 936."
SHOW = """async (snapshot) => {
  const { isRefining, showRefining } = await import('/static/site/refining.js');
  showRefining(document.querySelector('#refining'), snapshot);
  return isRefining(snapshot);
}"""


def refining(state: str, sentence: str = SENTENCE) -> dict[str, Any]:
    return {"refining": {"state": state, "label": "Refining", "sentence": sentence}}


@pytest.fixture
def line(stand: Stand) -> Stand:
    stand.open("portraits/_refining.html", {"snapshot": {"refining": None}})
    return stand


def test_without_a_second_pass_nothing_is_said_and_nothing_awaited(line: Stand) -> None:
    assert line.page.evaluate(SHOW, {"refining": None}) is False
    expect(line.page.locator("#refining")).to_be_hidden()


@pytest.mark.parametrize("state", ["queued", "starting", "rendering", "storing"])
def test_while_it_goes_on_the_sentence_is_shown_and_more_is_awaited(line: Stand, state: str) -> None:
    assert line.page.evaluate(SHOW, refining(state)) is True
    expect(line.page.locator("#refining")).to_be_visible()
    expect(line.page.locator("#refining")).to_have_attribute("data-state", state)
    expect(line.page.locator("#refining-words")).to_have_text(SENTENCE)


@pytest.mark.parametrize("state", ["ready", "failed", "cancelled"])
def test_at_its_end_the_last_word_stays_and_nothing_is_awaited(line: Stand, state: str) -> None:
    line.page.evaluate(SHOW, refining("rendering"))
    assert line.page.evaluate(SHOW, refining(state, "This is the refined version.")) is False
    expect(line.page.locator("#refining-words")).to_have_text("This is the refined version.")


def test_a_page_says_it_without_scripts_too(stand: Stand) -> None:
    stand.open("portraits/_refining.html", {"snapshot": refining("failed", "It stays as it is.")})
    expect(stand.page.locator("#refining")).to_have_text("It stays as it is.")
