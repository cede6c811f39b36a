"""Times in the zone of the person who looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.template import Context, Template
from playwright.sync_api import Browser, expect

from tests.pages.conftest import ORIGIN, Stand

WHEN = datetime(2026, 7, 17, 20, 5, tzinfo=UTC)
TIMES = (
    '{% load times %}<p id="moment">{% moment when %}</p><p id="day">{% day when %}</p><p id="own"><time>5 s</time></p>'
)


@pytest.fixture
def kolkata(browser: Browser) -> Iterator[Stand]:
    """Five and a half hours ahead of UTC."""
    context = browser.new_context(timezone_id="Asia/Kolkata")
    made = Stand(context.new_page())
    body = Template(TIMES).render(Context({"when": WHEN}))
    script = '<script type="module" src="/static/site/local-times.js"></script>'
    made.answers["/"] = lambda route: route.fulfill(body=f"<!doctype html>{body}{script}", content_type="text/html")
    made.page.goto(ORIGIN + "/")
    yield made
    context.close()
    assert made.errors == []


def test_a_time_is_the_visitors_and_its_title_tells_utc(kolkata: Stand) -> None:
    moment = kolkata.page.locator("#moment time")
    expect(moment).to_have_text("18 July 2026, 01:35")
    expect(moment).to_have_attribute("title", "17 July 2026, 20:05 UTC")
    expect(kolkata.page.locator("#day time")).to_have_text("18 July 2026")
    expect(kolkata.page.locator("#own time")).to_have_text("5 s")


def test_times_in_the_servers_sentences_are_the_visitors_too(kolkata: Stand) -> None:
    def local(sentence: str) -> Any:
        call = "async (text) => (await import('/static/site/local-times.js')).withLocalTimes(text)"
        return kolkata.page.evaluate(call, sentence)

    assert local("It begins by itself at 17 July 2026, 20:05 UTC.") == "It begins by itself at 18 July 2026, 01:35."
    assert local("Nothing of a time, UTC or not.") == "Nothing of a time, UTC or not."


def test_without_a_script_a_page_says_utc() -> None:
    body = Template(TIMES).render(Context({"when": WHEN}))
    assert ">17 July 2026, 20:05 UTC</time>" in body
    assert ">17 July 2026 UTC</time>" in body
