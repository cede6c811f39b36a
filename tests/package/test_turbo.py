"""The package in a site whose pages Turbo swaps: links followed, and steps back to a page that Turbo has kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.gaze.conftest import Stage

pytestmark = pytest.mark.slow

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<script type="module" src="/node_modules/@hotwired/turbo/dist/turbo.es2017-esm.js"></script>
<script type="module" src="/node_modules/gaze-tracker-element/dist/gaze-tracker.min.js"></script>
<body><a href="/public/{other}.html">{other}</a>
<gaze-tracker id="kept" data-turbo-permanent src="/public/face/manifest.json" smoothing="1" width="80"></gaze-tracker>
<gaze-tracker id="{title}" src="/public/face/manifest.json" smoothing="1" width="80"></gaze-tracker></body></html>"""


@pytest.fixture(scope="module")
def project(install: Callable[[str], Path]) -> Path:
    folder = install("turbo")
    for title, other in (("first", "second"), ("second", "first")):
        (folder / "public" / f"{title}.html").write_text(PAGE.format(title=title, other=other))
    return folder


@pytest.fixture
def first(visit: Stage, project: Path, publish: Callable[[Path], str]) -> Stage:
    """The first page, alive."""
    visit.open(f"{publish(project)}/public/first.html")
    alive(visit, "first")
    alive(visit, "kept")
    visit.page.evaluate("window.kept = document.querySelector('#kept')")
    return visit


def alive(visit: Stage, name: str) -> None:
    expect(visit.page.locator(f"#{name}:state(live)")).to_have_count(1)


def test_a_portrait_comes_alive_on_each_page_that_is_swapped_in(first: Stage) -> None:
    first.page.get_by_role("link", name="second").click()
    alive(first, "second")
    expect(first.page.locator("#first")).to_have_count(0)
    assert first.page.evaluate("'kept' in window"), "the browser loaded the page as a whole"


def test_a_page_that_has_been_kept_is_alive_again_after_a_step_back(first: Stage) -> None:
    first.page.get_by_role("link", name="second").click()
    alive(first, "second")
    first.page.go_back()
    alive(first, "first")
    expect(first.page.locator("#second")).to_have_count(0)
    assert first.page.evaluate("document.querySelector('#first').getAttributeNames().sort()") == [
        "id",
        "smoothing",
        "src",
        "width",
    ]


def test_a_permanent_portrait_is_the_same_one_and_asks_for_nothing_again(first: Stage) -> None:
    first.requested.clear()
    first.page.evaluate("told.length = 0")
    first.page.get_by_role("link", name="second").click()
    alive(first, "second")
    alive(first, "kept")
    assert first.page.evaluate("kept === document.querySelector('#kept')")
    assert [name for name in first.requested if name.endswith(".webp") and name != "poster.webp"] == []
    assert first.told("gaze-error") == []
