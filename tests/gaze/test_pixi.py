"""PixiJS as the renderer: the same behaviour as without it, where the page has it, and a sentence where not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.gaze import drawn, test_element, test_page, test_portrait, test_view
from tests.gaze.conftest import Site, Stage

SOURCE = 'type="module" src="/gaze/define.js"'
TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80" renderer="pixi" {}></gaze-tracker>'

FAKE = "export const VERSION = '{}'; export class WebGLRenderer {{ async init() {{ throw new Error('no luck'); }} }}"


@dataclass
class PixiSite(Site):
    """A site whose pages have PixiJS in their import map and ask for it in every tag."""

    def page(self, body: str, *, name: str = "index.html", script: str = SOURCE) -> str:
        imports = '<script type="importmap">{"imports": {"pixi.js": "./pixi.mjs"}}</script>'
        # The page that Site writes begins with the script that is given to it: the import map must come before it.
        address = super().page(
            body.replace("<gaze-tracker ", '<gaze-tracker renderer="pixi" '), name=name, script=script
        )
        file = self.folder / name
        file.write_text(file.read_text().replace("<script ", f"{imports}<script ", 1))
        return address


class TestWithPixi:
    """What is true of portraits drawn by PixiJS: the tests of those that are not, on pages that ask for it."""

    pytestmark = pytest.mark.slow

    @pytest.fixture
    def site(self, site: Site, npm_packages: Path) -> PixiSite:
        (site.folder / "pixi.mjs").write_bytes((npm_packages / "pixi.js" / "dist" / "pixi.min.mjs").read_bytes())
        return PixiSite(site.folder, site.url)

    @pytest.fixture
    def quadrants(self, site: PixiSite) -> PixiSite:
        for number, data in enumerate(drawn.quadrants(30, drawn.MARKS["full"])):
            site.write(f"q{number}.webp", data)
        return site

    @pytest.fixture
    def portrait(self, site: PixiSite) -> PixiSite:
        drawn.write_portrait(site.folder, "mobile")
        return site

    @pytest.fixture(autouse=True)
    def _drawn_by_pixi(self, stage: Stage) -> Any:
        """PixiJS was loaded, and nothing was wrong with it."""
        yield
        if "define.js" in stage.requested:
            assert "pixi.mjs" in stage.requested
            assert [each for each in stage.told("gaze-error") if each["code"] == "pixi"] == []

    test_seed = staticmethod(test_page.test_the_originals_snippet_runs_verbatim)
    test_bleeding = staticmethod(test_page.test_frames_do_not_bleed_into_one_another)
    test_mixture = staticmethod(test_page.test_between_the_quadrants_their_frames_are_mixed)
    test_single = staticmethod(test_page.test_a_single_sheet_holds_the_whole_grid)
    test_folder = staticmethod(test_page.test_a_folder_of_the_original_is_a_source)
    test_climbing = staticmethod(test_portrait.test_the_preview_is_alive_first_then_the_finest_level)
    test_broken = staticmethod(test_portrait.test_a_broken_sheet_of_a_fine_level_leaves_the_coarser_one)
    test_resized = staticmethod(test_view.test_a_resized_element_is_redrawn_at_its_new_size)
    test_fitted = staticmethod(test_view.test_a_wide_element_shows_the_whole_picture_and_nothing_beside_it)
    test_mouse = test_element.TestInput.test_the_gaze_follows_the_mouse_over_the_whole_window
    test_keys = test_element.TestInput.test_arrow_keys_move_it_escape_and_blur_let_it_return
    test_look_at = test_element.TestInput.test_look_at_holds_the_gaze_until_it_is_given_back
    test_covered = test_element.TestStill.test_the_still_picture_does_not_shine_through_the_living_one
    MOVE = test_element.TestLife.MOVE
    test_moved = test_element.TestLife.test_moved_within_the_page_it_goes_on_without_loading_again

    def test_an_address_in_the_tag_serves_as_well(self, stage: Stage, portrait: PixiSite) -> None:
        (portrait.folder / "pixi.mjs").rename(portrait.folder / "own.mjs")
        stage.open(Site.page(portrait, TRACKER.format('pixi-src="own.mjs"')))
        stage.wait_for_level("mobile")
        assert stage.look(-1, -1).cell == (0, 0)
        assert "own.mjs" in stage.requested
        assert stage.told("gaze-error") == []
        stage.requested.append("pixi.mjs")


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ("", "pixi.js"),
        ('pixi-src="none.mjs"', "none.mjs"),
        ('pixi-src="old.mjs"', "version 7.4.2 is not 8"),
        ('pixi-src="blocked.mjs"', "no luck"),
        ('pixi-src="javascript:alert(1)"', "not an address of a script"),
        ('pixi-src="https://["', "https://["),
    ],
)
def test_without_it_a_sentence_says_so_and_the_usual_renderer_draws(
    stage: Stage, site: Site, attributes: str, why: str
) -> None:
    drawn.write_portrait(site.folder, "preview")
    site.write("old.mjs", FAKE.format("7.4.2"))
    site.write("blocked.mjs", FAKE.format("8.6.6"))
    stage.open(site.page(TRACKER.format(attributes)))
    stage.wait_for_level("preview")
    (told,) = stage.told("gaze-error")
    assert told["code"] == "pixi"
    assert told["message"].startswith("PixiJS 8 cannot draw here, and the portrait is drawn without it: ")
    assert why in told["message"]
    assert stage.look(-1, -1).cell == (0, 0)


def test_nobody_else_loads_its_module(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER.format("").replace("pixi", "webgl")))
    stage.wait_for_level("preview")
    expect(stage.page.locator("gaze-tracker:state(live)")).to_have_count(1)
    assert "pixi.js" not in stage.requested
