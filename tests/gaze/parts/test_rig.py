"""The part of the script that draws a rig."""

from __future__ import annotations

from tests.gaze.conftest import Site, Stage
from tests.gaze.rig.conftest import write_rig

TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80"></gaze-tracker>'
BUNDLE = 'type="module" src="/gaze/gaze-tracker.min.js"'


def scripts(stage: Stage) -> list[str]:
    return [name for name in stage.requested if name.endswith(".js")]


def test_a_rig_needs_one_part_of_the_script_which_comes_beside_the_manifest(stage: Stage, site: Site) -> None:
    write_rig(site.folder, "preview")
    stage.open(site.page(TRACKER, script=BUNDLE))
    stage.wait_for_level("rig")
    assert scripts(stage) == ["gaze-tracker.min.js", "gaze-tracker-rig.min.js"]
    assert stage.requested.index("gaze-tracker-rig.min.js") < stage.requested.index("rig.bin")
