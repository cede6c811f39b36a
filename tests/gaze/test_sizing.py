from __future__ import annotations

import json

import pytest

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage, Staged, box, tracker

pytestmark = pytest.mark.slow  # each opens a page of its own


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", (410, 512)),
        ('width="205"', (205, 256)),
        ('height="256"', (205, 256)),
        ('width="512" height="640"', (512, 640)),
        ('width="none"', (410, 512)),
        ('width="205px"', (205, 256)),
        ('width="50%"', (300, 375)),
        ('width="100%" height="300"', (600, 300)),
        ('width="100%" height="50%"', (600, 200)),
        ('width="205" height="50%"', (205, 200)),
        ('height="50%"', (410, 512)),
        ('width="0%"', (410, 512)),
        ('width="auto"', (410, 512)),
        ('width="-5"', (410, 512)),
        ('width="1e9"', (410, 512)),
        ('width="10em"', (410, 512)),
        ('width="205" height="-5"', (205, 256)),
    ],
)
def test_it_is_known_before_anything_is_loaded(
    stage: Stage, site: Site, attributes: str, expected: tuple[int, int]
) -> None:
    room = '<div style="width: 600px; height: 400px">{}</div>'
    stage.open(site.page(room.format(f"<gaze-tracker {attributes}></gaze-tracker>")))
    stage.wait_for("() => customElements.get('gaze-tracker')")
    assert box(stage.page) == pytest.approx(expected, abs=0.5)


def test_a_percentage_of_no_height_leaves_the_portraits_shape(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page('<div style="width: 600px">{}</div>'.format(tracker('height="100%"'))))
    stage.page.locator("gaze-tracker").evaluate("(element) => { element.width = '50%'; }")
    stage.wait_for_level("mobile")
    assert box(stage.page) == (300, 375)


def test_without_attributes_it_is_the_frames_own(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page('<gaze-tracker src="manifest.json"></gaze-tracker>'))
    stage.wait_for_level("mobile")
    assert box(stage.page) == drawn.FRAME


BOXES = """(element) => {
  window.boxes = [];
  new ResizeObserver(() => boxes.push(`${element.offsetWidth},${element.offsetHeight}`)).observe(element);
}"""


@pytest.mark.parametrize("inside", ["", '<img src="poster.webp" width="7" height="9" alt="Ada">'])
def test_another_source_keeps_the_size_until_its_own_is_known(stage: Stage, portrait: Site, inside: str) -> None:
    portrait.write("same.json", json.dumps(drawn.manifest(drawn.level("mobile"))))
    portrait.write("wide.json", json.dumps(drawn.manifest(frame={"width": 60, "height": 40})))
    stage.open(portrait.page(f'<gaze-tracker src="manifest.json">{inside}</gaze-tracker>'))
    stage.wait_for_level("mobile")
    element = stage.page.locator("gaze-tracker")
    element.evaluate(BOXES)
    element.evaluate("(element) => { told.length = 0; element.src = 'same.json'; }")
    stage.wait_for_level("mobile")
    element.evaluate("(element) => { element.src = 'wide.json'; }")
    stage.wait_for("() => boxes.at(-1) === '60,40'")
    assert stage.page.evaluate("boxes") == ["20,25", "60,40"]


def test_a_source_that_fails_gives_the_room_to_the_picture(stage: Stage, portrait: Site) -> None:
    stage.open(portrait.page('<gaze-tracker src="manifest.json"><img width="7" height="9" alt=""></gaze-tracker>'))
    stage.wait_for_level("mobile")
    stage.page.locator("gaze-tracker").evaluate("(element) => { element.src = 'none.json'; }")
    stage.wait_for_error("manifest")
    assert box(stage.page) == (7, 9)


def test_nothing_on_the_page_jumps_while_it_loads(staged: Staged, portrait: Site) -> None:
    stage = staged()
    stage.page.add_init_script(
        """window.shifts = 0;
        const after = (list) => { shifts += list.getEntries().length; };
        const begin = () => new PerformanceObserver(after).observe({ type: 'layout-shift' });
        customElements.whenDefined('gaze-tracker')
          .then(() => requestAnimationFrame(() => requestAnimationFrame(begin)));"""
    )
    stage.open(portrait.page(tracker('height="100"') + "<p>text below</p>"))
    stage.wait_for_level("mobile")
    stage.settle()
    assert stage.page.evaluate("shifts") == 0
