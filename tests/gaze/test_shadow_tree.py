from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage, Staged

pytestmark = pytest.mark.slow  # each opens a page of its own

ASKING = """if (window.DeviceOrientationEvent) DeviceOrientationEvent.requestPermission = async () => 'granted';
addEventListener('deviceorientation', (event) => event.stopImmediatePropagation());"""
"""As on iOS, which tells nothing until the visitor has been asked."""

TRACKER = '<gaze-tracker src="manifest.json" width="80" {}>{}</gaze-tracker>'


@pytest.fixture
def portrait(site: Site) -> Site:
    drawn.write_portrait(site.folder, "preview")
    return site


def test_nothing_is_ever_written_on_the_host(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page(TRACKER.format("", '<img src="poster.webp" alt="Ada">')))
    before = stage.page.locator("gaze-tracker").evaluate("(element) => element.outerHTML")
    stage.wait_for_level("preview")
    stage.page.keyboard.press("Tab")
    stage.point(700, 500)
    assert stage.page.locator("gaze-tracker").evaluate("(element) => element.outerHTML") == before


@pytest.mark.parametrize(
    ("attributes", "inside", "name"),
    [
        ("", "", "Portrait whose eyes follow the pointer"),
        ('alt="Ada Lovelace"', "", "Ada Lovelace"),
        ("", '<img src="poster.webp" alt="Ada">', "Ada"),
        ('aria-label="Ada King"', '<img src="poster.webp" alt="Ada">', "Ada King"),
    ],
)
def test_the_face_has_a_role_a_name_and_the_focus(
    stage: Stage, portrait: Site, attributes: str, inside: str, name: str
) -> None:
    stage.open(portrait.page(TRACKER.format(attributes, inside)))
    face = stage.page.locator("gaze-tracker .face")
    expect(face).to_have_role("img")
    expect(face).to_have_accessible_name(name)
    stage.page.keyboard.press("Tab")
    expect(face).to_be_focused()
    assert face.evaluate("(face) => getComputedStyle(face, '::after').borderTopWidth") == "3px"
    stage.page.locator("gaze-tracker").evaluate("(element) => { element.blur(); element.focus(); }")
    expect(face).to_be_focused()


def test_a_name_that_changes_is_told_anew(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page(TRACKER.format('alt="Ada"', "")))
    expect(stage.page.get_by_role("img", name="Ada")).to_have_count(1)
    stage.page.evaluate("document.querySelector('gaze-tracker').alt = 'Grace'")
    expect(stage.page.get_by_role("img", name="Grace")).to_have_count(1)


def test_a_host_with_a_role_of_the_pages_own_speaks_for_itself(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page(TRACKER.format('role="button" aria-label="Wave"', "")))
    expect(stage.page.get_by_role("button", name="Wave")).to_have_count(1)
    stage.wait_for("() => customElements.get('gaze-tracker')")
    expect(stage.page.get_by_role("img")).to_have_count(0)


def test_axe_finds_nothing_wrong(staged: Staged, portrait: Site) -> None:
    """Alive, and still with its buttons, large and small."""
    body = '<html lang="en"><main><h1>Faces</h1>{}</main>'.format(
        TRACKER.format("", "") + '<gaze-tracker src="manifest.json" width="300" alt="Ada"></gaze-tracker>'
    )
    for motion in ("no-preference", "reduce"):
        stage = staged(reduced_motion=motion, has_touch=True, is_mobile=True)
        stage.page.add_init_script(ASKING)
        stage.open(portrait.page(body))
        label = "Move anyway" if motion == "reduce" else "Follow my phone"
        expect(stage.page.get_by_role("button", name=label)).to_have_count(2)
        found = Axe().run(stage.page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_pictures_that_a_page_styles_stay_in_place_and_covered(stage: Stage, portrait: Site) -> None:
    portrait.write("page.css", "img { max-width: 50%; transform: scale(.5); rotate: 9deg; visibility: visible }")
    body = '<link rel="stylesheet" href="page.css">' + TRACKER.format("", '<img src="poster.webp" alt="Ada">')
    stage.open(portrait.page(body))
    same = """(element) => {
      const [inner, outer] = [element.querySelector('img'), element].map((each) => each.getBoundingClientRect());
      return ['x', 'y', 'width', 'height'].every((name) => inner[name] === outer[name]);
    }"""
    stage.wait_for_level("preview")
    assert stage.page.locator("gaze-tracker").evaluate(same)
    expect(stage.page.locator("gaze-tracker > img")).to_be_hidden()
