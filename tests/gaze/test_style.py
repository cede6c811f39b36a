from __future__ import annotations

from playwright.sync_api import expect

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage


def test_a_page_with_a_strict_policy_has_a_living_portrait(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page('<gaze-tracker src="manifest.json" width="100"></gaze-tracker>', name="strict.html"))
    expect(stage.page.locator("gaze-tracker:state(live)")).to_have_count(1)
    assert stage.page.locator("gaze-tracker").bounding_box() == {"x": 8, "y": 8, "width": 100, "height": 125}
    assert [text for text in stage.console if "Content Security Policy" in text] == []


def test_the_pages_own_style_wins(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    site.write("page.css", "gaze-tracker { display: block; width: 50%; outline: 1px solid red; }")
    body = '<link rel="stylesheet" href="page.css"><gaze-tracker src="manifest.json" width="100"></gaze-tracker>'
    stage.open(site.page(body))
    stage.wait_for_level("preview")
    box = stage.page.locator("gaze-tracker").bounding_box()
    assert box
    assert (box["width"], box["height"]) == (392, 490)


def test_a_hidden_element_is_hidden(stage: Stage, site: Site) -> None:
    stage.open(site.page("<gaze-tracker hidden></gaze-tracker>"))
    expect(stage.page.locator("gaze-tracker")).to_be_hidden()


def test_an_element_wider_than_its_place_shrinks(stage: Stage, site: Site) -> None:
    stage.open(site.page('<div style="width: 200px"><gaze-tracker width="500" height="625"></gaze-tracker></div>'))
    stage.wait_for("() => document.querySelector('gaze-tracker').getBoundingClientRect().height === 250")
