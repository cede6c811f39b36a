from __future__ import annotations

import pytest

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage, Staged

pytestmark = pytest.mark.slow  # each opens a page of its own

SAVE_DATA = "Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) });"
FAR = '<div style="height: 2000px"></div>'


def tracker(attributes: str = "") -> str:
    return f'<gaze-tracker src="manifest.json" smoothing="1" width="80" {attributes}></gaze-tracker>'


@pytest.fixture
def portrait(site: Site) -> Site:
    drawn.write_portrait(site.folder, "preview")
    return site


def test_an_element_loads_before_it_is_scrolled_to(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page(f'<div style="height: 700px"></div>{tracker()}'))
    stage.wait_for_level("preview")


def test_an_eager_one_loads_wherever_it_is(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page(FAR + tracker('loading="eager"')))
    stage.wait_for_level("preview")


def test_an_element_that_is_not_shown_loads_nothing(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page(tracker('style="display: none"')))
    stage.wait_for("() => customElements.get('gaze-tracker')")
    stage.settle()
    assert "manifest.json" not in stage.requested
    stage.page.locator("gaze-tracker").evaluate("(element) => { element.style.display = 'block'; }")
    stage.wait_for_level("preview")


@pytest.mark.parametrize("attributes", ['loading="interaction"', 'loading="eager"'])
@pytest.mark.parametrize("act", ["move", "press"])
def test_the_poster_alone_is_there_until_the_person_acts(
    staged: Staged, portrait: Site, attributes: str, act: str
) -> None:
    stage = staged()
    if "eager" in attributes:
        stage.page.add_init_script(SAVE_DATA)
    stage.open(portrait.page(tracker(attributes)))
    stage.wait_for("() => document.querySelector('gaze-tracker').shadowRoot?.querySelector('img').naturalWidth === 20")
    stage.settle()
    assert "preview.webp" not in stage.requested
    if act == "move":
        stage.page.mouse.move(10, 10)
    else:
        stage.page.keyboard.press("a")
    stage.wait_for_level("preview")


def test_loading_is_a_property_too(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page(FAR + tracker()))
    stage.page.locator("gaze-tracker").evaluate("(element) => { element.loading = 'eager'; }")
    stage.wait_for_level("preview")
