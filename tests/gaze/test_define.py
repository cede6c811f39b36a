"""Definition of the element, and the bundle that is made of it."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import expect

from tests.gaze import drawn
from tests.gaze.conftest import GAZE, Site, Stage
from tests.gaze.rig.conftest import write_rig

TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80"></gaze-tracker>'
MODULE = 'type="module" src="/gaze/{}"'

MOST = 23_500
"""Bytes of the script that a page loads, as gzip packs it."""


def test_the_script_that_pages_load_is_small() -> None:
    assert len(gzip.compress((GAZE / "gaze-tracker.min.js").read_bytes(), mtime=0)) <= MOST


@pytest.mark.parametrize("name", ["define.js", "gaze-tracker.min.js"])
def test_a_module_defines_the_element_and_hands_out_its_class(stage: Stage, site: Site, name: str) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER, script=MODULE.format(name)))
    expect(stage.page.locator("gaze-tracker:state(live)")).to_have_count(1)
    same = "async (url) => (await import(url)).GazeTracker === customElements.get('gaze-tracker')"
    assert stage.page.evaluate(same, f"/gaze/{name}") is True


def test_the_bundle_asks_for_no_other_script(stage: Stage, site: Site) -> None:
    write_rig(site.folder, "preview")
    stage.open(site.page(TRACKER, script=MODULE.format("gaze-tracker.min.js")))
    stage.wait_for_level("rig")
    assert [name for name in stage.requested if name.endswith(".js")] == ["gaze-tracker.min.js"]


def test_the_script_for_sheets_is_loaded_where_there_is_no_rig(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER, script=MODULE.format("gaze-tracker.min.js")))
    stage.wait_for_level("preview")
    scripts = [name for name in stage.requested if name.endswith(".js")]
    assert scripts == ["gaze-tracker.min.js", "gaze-tracker-sheets.min.js"]


def test_without_the_script_for_sheets_the_poster_stays_and_it_is_told(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.page.route("**/gaze-tracker-sheets.min.js", lambda route: route.abort())
    stage.open(site.page(TRACKER, script=MODULE.format("gaze-tracker.min.js")))
    stage.wait_for_error("sheet")
    assert stage.told("gaze-ready") == []


def test_two_versions_on_one_page_get_on_with_each_other(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    again = '<script type="module" src="/gaze/gaze-tracker.min.js"></script>'
    stage.open(site.page(again + TRACKER, script=MODULE.format("define.js")))
    stage.wait_for_level("preview")
    assert stage.look(-1, -1).cell == (0, 0)


def test_the_bundle_carries_its_licence() -> None:
    for bundle in GAZE.glob("*.min.js"):
        assert bundle.read_text().startswith("/*! <gaze-tracker>, MIT licence */")
