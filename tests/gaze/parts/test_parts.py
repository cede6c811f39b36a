"""Parts of the script: what is shown without one, and what a page that pins the script runs."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.gaze import drawn
from tests.gaze.conftest import GAZE, Site, Stage
from tests.gaze.rig.conftest import write_rig

TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80"></gaze-tracker>'
BUNDLE = 'type="module" src="/gaze/gaze-tracker.min.js"'


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
    stage.open(site.page(TRACKER, script=BUNDLE))
    stage.wait_for_error(code)
    assert stage.told("gaze-ready") == []


class TestIntegrity:
    """A page that pins the script by its hash runs no other code of ours."""

    def open(self, stage: Stage, site: Site, pinned: bool) -> None:
        digest = base64.b64encode(hashlib.sha384((GAZE / "gaze-tracker.min.js").read_bytes()).digest()).decode()
        attribute = f' crossorigin="anonymous" integrity="sha384-{digest}"' if pinned else ""
        write_rig(site.folder, "preview")
        stage.open(site.page(TRACKER, script=BUNDLE + attribute))

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
