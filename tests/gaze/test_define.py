"""Definition of the element, and the bundle that is made of it."""

from __future__ import annotations

import base64
import gzip
import hashlib

import pytest
from playwright.sync_api import expect

from tests.gaze import drawn
from tests.gaze.conftest import GAZE, Site, Stage
from tests.gaze.rig.conftest import write_rig

TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80"></gaze-tracker>'
MODULE = 'type="module" src="/gaze/{}"'

MOST = {"gaze-tracker.min.js": 14_000, "gaze-tracker-rig.min.js": 11_000, "gaze-tracker-sheets.min.js": 7_500}
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


def scripts(stage: Stage) -> list[str]:
    return [name for name in stage.requested if name.endswith(".js")]


def test_a_rig_needs_one_part_of_the_script_which_comes_beside_the_manifest(stage: Stage, site: Site) -> None:
    write_rig(site.folder, "preview")
    stage.open(site.page(TRACKER, script=MODULE.format("gaze-tracker.min.js")))
    stage.wait_for_level("rig")
    assert scripts(stage) == ["gaze-tracker.min.js", "gaze-tracker-rig.min.js"]
    assert stage.requested.index("gaze-tracker-rig.min.js") < stage.requested.index("rig.bin")


def test_the_part_for_sheets_is_loaded_where_there_is_no_rig(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER, script=MODULE.format("gaze-tracker.min.js")))
    stage.wait_for_level("preview")
    assert scripts(stage)[-1] == "gaze-tracker-sheets.min.js"


@pytest.mark.parametrize(("part", "code"), [("rig", "rig"), ("sheets", "sheet")])
def test_without_its_part_of_the_script_the_poster_stays_until_it_comes(
    stage: Stage, site: Site, part: str, code: str
) -> None:
    if part == "rig":
        write_rig(site.folder, "preview")
    else:
        drawn.write_portrait(site.folder, "preview")
    address = f"**/gaze-tracker-{part}.min.js"
    stage.page.route(address, lambda route: route.abort())
    stage.open(site.page(TRACKER, script=MODULE.format("gaze-tracker.min.js")))
    stage.wait_for_error(code)
    assert stage.told("gaze-ready") == []


class TestIntegrity:
    """A page that pins the script by its hash runs no other code of ours."""

    def open(self, stage: Stage, site: Site, pinned: bool) -> None:
        digest = base64.b64encode(hashlib.sha384((GAZE / "gaze-tracker.min.js").read_bytes()).digest()).decode()
        attribute = f' crossorigin="anonymous" integrity="sha384-{digest}"' if pinned else ""
        write_rig(site.folder, "preview")
        stage.open(site.page(TRACKER, script=MODULE.format("gaze-tracker.min.js") + attribute))

    def change_part(self, stage: Stage) -> None:
        changed = (GAZE / "gaze-tracker-rig.min.js").read_text() + "\nglobalThis.isChanged = true;"
        answer = {"content_type": "text/javascript", "body": changed}
        stage.page.route("**/gaze-tracker-rig.min.js", lambda route: route.fulfill(**answer))

    def test_parts_that_are_as_they_were_bundled_run(self, stage: Stage, site: Site) -> None:
        self.open(stage, site, pinned=True)
        stage.wait_for_level("rig")

    def test_a_part_that_has_been_changed_does_not_run(self, stage: Stage, site: Site) -> None:
        self.change_part(stage)
        self.open(stage, site, pinned=True)
        stage.wait_for_error("rig")
        assert stage.page.evaluate("globalThis.isChanged") is None
        assert stage.told("gaze-ready") == []

    def test_a_page_that_pins_nothing_runs_what_it_is_given(self, stage: Stage, site: Site) -> None:
        self.change_part(stage)
        self.open(stage, site, pinned=False)
        stage.wait_for_level("rig")
        assert stage.page.evaluate("globalThis.isChanged") is True


def test_two_versions_on_one_page_get_on_with_each_other(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    again = '<script type="module" src="/gaze/gaze-tracker.min.js"></script>'
    stage.open(site.page(again + TRACKER, script=MODULE.format("define.js")))
    stage.wait_for_level("preview")
    assert stage.look(-1, -1).cell == (0, 0)


def test_the_bundle_carries_its_licence() -> None:
    for bundle in GAZE.glob("*.min.js"):
        assert bundle.read_text().startswith("/*! <gaze-tracker>, MIT licence */")
