from __future__ import annotations

from typing import Any

import pytest

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage, Staged

BACKING = (
    "(element) => { const { width, height } = element.shadowRoot.querySelector('canvas'); return [width, height]; }"
)


@pytest.mark.parametrize(("ratio", "backing"), [(1, [120, 150]), (2, [240, 300]), (3, [360, 450])])
def test_the_canvas_has_the_screens_own_pixels(staged: Staged, site: Site, ratio: int, backing: list[int]) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage = staged(device_scale_factor=ratio)
    stage.open(site.page('<gaze-tracker src="manifest.json" smoothing="1" width="120"></gaze-tracker>'))
    stage.wait_for_level("preview")
    assert stage.page.locator("gaze-tracker").evaluate(BACKING) == backing
    assert stage.look(1, -1).cell == (0, 5)


def test_a_resized_element_is_redrawn_at_its_new_size(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page('<gaze-tracker src="manifest.json" smoothing="1" width="100"></gaze-tracker>'))
    stage.wait_for_level("preview")
    stage.look(-1, 1)
    stage.page.locator("gaze-tracker").evaluate("(element) => { element.style.width = '200px'; }")
    stage.wait_for("() => document.querySelector('gaze-tracker').shadowRoot.querySelector('canvas').width === 200")
    assert stage.seen().cell == (5, 0)


def test_a_wide_element_shows_the_whole_picture_and_nothing_beside_it(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    page = '<gaze-tracker src="manifest.json" smoothing="1" style="width: 400px; height: 100px"></gaze-tracker>'
    stage.open(site.page(page))
    stage.wait_for_level("preview")
    look: Any = stage.look(1, 1)
    assert look.cell == (5, 5)
    assert (stage.seen(0.1).alpha, stage.seen(0.9).alpha) == (0, 0)
    assert stage.seen(0.5, 0.01).alpha == stage.seen(0.5, 0.99).alpha == 255
