"""The package in a site whose pages Turbo swaps: links followed, and steps back to a page that Turbo has kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.gaze.conftest import Stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(install: Callable[[str], Path]) -> Path:
    return install("turbo")


@pytest.fixture
def first(visit: Stage, project: Path, publish: Callable[[Path], str]) -> Stage:
    """The first page, alive."""
    visit.open(f"{publish(project)}/public/index.html")
    alive(visit, "first")
    alive(visit, "kept")
    visit.page.evaluate("window.kept = document.querySelector('#kept')")
    return visit


def alive(visit: Stage, name: str) -> None:
    expect(visit.page.locator(f"#{name}:state(live)")).to_have_count(1)


def test_a_portrait_comes_alive_on_each_page_that_is_swapped_in(first: Stage) -> None:
    first.page.get_by_role("link", name="Second").click()
    alive(first, "second")
    expect(first.page.locator("#first")).to_have_count(0)
    assert first.page.evaluate("'kept' in window"), "the browser loaded the page as a whole"


def test_a_page_that_has_been_kept_is_alive_again_after_a_step_back(first: Stage) -> None:
    first.page.get_by_role("link", name="Second").click()
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
    first.page.get_by_role("link", name="Second").click()
    alive(first, "second")
    alive(first, "kept")
    assert first.page.evaluate("kept === document.querySelector('#kept')")
    assert [name for name in first.requested if name.endswith(".webp") and name != "poster.webp"] == []
    assert first.told("gaze-error") == []
