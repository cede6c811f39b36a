"""The part of the script that draws sheets."""

from __future__ import annotations

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage

TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80"></gaze-tracker>'
BUNDLE = 'type="module" src="/gaze/gaze-tracker.min.js"'


def scripts(stage: Stage) -> list[str]:
    return [name for name in stage.requested if name.endswith(".js")]


def test_the_part_for_sheets_is_loaded_where_there_is_no_rig(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER, script=BUNDLE))
    stage.wait_for_level("preview")
    assert scripts(stage)[-1] == "gaze-tracker-sheets.min.js"
