"""The package in a project of Astro: imported on the server, and pages that are swapped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.gaze.conftest import Stage
from tests.package.conftest import node

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(install: Callable[[str], Path]) -> Path:
    """Importing the package while pages are put together on the server has not failed."""
    project = install("astro")
    node(project, "astro/bin/astro.mjs", "build")
    return project / "dist"


def alive(visit: Stage, name: str) -> None:
    expect(visit.page.locator(f"#{name}:state(live)")).to_have_count(1)


def test_portraits_live_through_swaps_of_pages(visit: Stage, built: Path, publish: Callable[[Path], str]) -> None:
    visit.open(publish(built))
    alive(visit, "first")
    alive(visit, "kept")
    visit.page.evaluate("window.before = { page: document.body, kept: document.querySelector('#kept') }")
    visit.page.get_by_role("link", name="Second").click()
    alive(visit, "second")
    expect(visit.page.locator("#first")).to_have_count(0)
    assert visit.page.title() == "Second"
    assert visit.page.evaluate("before.page === undefined") is False, "the browser loaded the page as a whole"
    visit.page.get_by_role("link", name="First").click()
    alive(visit, "first")


def test_a_portrait_that_stays_is_the_same_one_and_asks_for_nothing_again(
    visit: Stage, built: Path, publish: Callable[[Path], str]
) -> None:
    visit.open(publish(built))
    alive(visit, "kept")
    alive(visit, "first")
    visit.page.evaluate("window.kept = document.querySelector('#kept'); told.length = 0")
    visit.requested.clear()
    visit.page.get_by_role("link", name="Second").click()
    alive(visit, "second")
    alive(visit, "kept")
    assert visit.page.evaluate("kept === document.querySelector('#kept')")
    assert [name for name in visit.requested if name.endswith(".webp") and name != "poster.webp"] == []
    assert visit.told("gaze-error") == []
