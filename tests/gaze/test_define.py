"""Definition of the element, and the bundle that is made of it."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import expect

from tests.gaze import drawn
from tests.gaze.conftest import GAZE, Site, Stage

TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80"></gaze-tracker>'
MODULE = 'type="module" src="/gaze/{}"'

MOST = {"gaze-tracker.min.js": 14_000, "gaze-tracker-rig.min.js": 11_500, "gaze-tracker-sheets.min.js": 7_500}
"""Bytes, as gzip packs them, of the script that a page loads and of its parts."""


@pytest.mark.parametrize("name", MOST)
def test_the_script_that_pages_load_is_small(name: str) -> None:
    assert len(gzip.compress((GAZE / name).read_bytes(), mtime=0)) <= MOST[name]


@pytest.mark.parametrize("name", ["define.js", "gaze-tracker.min.js"])
def test_a_module_defines_the_element_and_hands_out_its_class(stage: Stage, site: Site, name: str) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER, script=MODULE.format(name)))
    expect(stage.page.locator("gaze-tracker:state(live)")).to_have_count(1)
    same = "async (url) => (await import(url)).GazeTracker === customElements.get('gaze-tracker')"
    assert stage.page.evaluate(same, f"/gaze/{name}") is True


def test_two_versions_on_one_page_get_on_with_each_other(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    again = '<script type="module" src="/gaze/gaze-tracker.min.js"></script>'
    stage.open(site.page(again + TRACKER, script=MODULE.format("define.js")))
    stage.wait_for_level("preview")
    assert stage.look(-1, -1).cell == (0, 0)


def test_the_bundle_carries_its_licence() -> None:
    for bundle in GAZE.glob("*.min.js"):
        assert bundle.read_text().startswith("/*! <gaze-tracker>, MIT licence */")
