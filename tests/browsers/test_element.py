"""The element where browsers differ, and on pages as frameworks make them."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.browsers.window import Window
from tests.gaze import drawn
from tests.gaze.conftest import Site
from tests.gaze.rig.conftest import usual_photo, write_rig

LEVEL = "document.querySelector('gaze-tracker').shadowRoot && told.some((each) => each.name === args[0])"
BOX = "const { width, height } = document.querySelector('gaze-tracker').getBoundingClientRect(); return [width, height]"
CHANGE = """
const element = document.querySelector('gaze-tracker');
for (const [name, value] of Object.entries(args[0])) element.setAttribute(name, value);
await new Promise(requestAnimationFrame);
"""
LOOK = """
const element = document.querySelector('gaze-tracker');
element.lookAt(...args);
for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
const canvas = element.shadowRoot.querySelector('canvas');
return [...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data];
"""
TOLD = """
window.told = [];
for (const type of ['gaze-ready', 'gaze-level', 'gaze-error']) {
  addEventListener(type, ({ detail }) => told.push({ type, ...detail }));
}
"""
CUTS = """
window.cuts = { bitmaps: 0, largest: 0, draws: 0 };
const { createImageBitmap: make } = window;
window.createImageBitmap = (...values) => { cuts.bitmaps += values.length > 2; return make.apply(window, values); };
const { prototype } = WebGL2RenderingContext;
const { texSubImage3D } = prototype;
prototype.texSubImage3D = function (...values) {
  const source = values.at(-1);
  cuts.draws += 1;
  cuts.largest = Math.max(cuts.largest, source.width * source.height);
  return texSubImage3D.apply(this, values);
};
"""
LANDSCAPE = (30, 20)


def page(site: Site, body: str, before: str = "") -> str:
    site.write("before.js", TOLD + before)
    return site.page(f'<script src="before.js"></script>{body}', script='async src="/gaze/gaze-tracker.js"')


def tracker(attributes: str = "") -> str:
    return f'<gaze-tracker src="manifest.json" smoothing="1" {attributes}></gaze-tracker>'


def box(window: Window) -> tuple[float, ...]:
    return tuple(round(side, 1) for side in window.run(BOX))


def seen(window: Window, x: float, y: float) -> tuple[int, int]:
    return drawn.Seen(*window.run(LOOK, x, y)).cell


def test_it_looks_wherever_it_is_told(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", "mobile")
    window.open(page(site, tracker('width="80"')))
    window.wait_for(LEVEL, "mobile")
    corners = [seen(window, x, y) for x in (-1, 1) for y in (-1, 1)]
    assert corners == [(0, 0), (19, 0), (0, 19), (19, 19)]


def test_frames_are_cut_through_a_canvas_of_their_own_size(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "mobile")
    window.open(page(site, tracker('width="80"'), CUTS))
    window.wait_for(LEVEL, "mobile")
    width, height = drawn.FRAME
    assert window.run("return cuts") == {"bitmaps": 0, "largest": width * height, "draws": 400}


@pytest.mark.parametrize(
    ("changes", "after"),
    [({"width": "200"}, (200, 250)), ({"height": "50"}, (40, 50)), ({"width": "300", "height": "100"}, (300, 100))],
)
def test_a_size_that_is_changed_later_changes_the_box(
    window: Window, site: Site, changes: dict[str, str], after: tuple[float, float]
) -> None:
    drawn.write_portrait(site.folder, "preview")
    window.open(page(site, tracker()))
    window.wait_for(LEVEL, "preview")
    before = box(window)
    window.run(CHANGE, changes)
    assert (before, box(window)) == ((20, 25), after)


def test_a_landscape_portrait_has_its_own_shape(window: Window, site: Site) -> None:
    width, height = LANDSCAPE
    site.write("poster.webp", drawn.poster(LANDSCAPE))
    for name, sheet in zip(drawn.level("mobile")["sheets"], drawn.quadrants(20, 0, LANDSCAPE), strict=True):
        site.write(name, sheet)
    frame = {"width": width, "height": height}
    site.write("manifest.json", json.dumps(drawn.manifest(drawn.level("mobile", LANDSCAPE), frame=frame)))
    window.open(page(site, tracker()))
    window.wait_for(LEVEL, "mobile")
    assert box(window) == (width, height)


def test_a_truncated_sheet_is_one_that_fails(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "mobile")
    whole = (site.folder / "q2_20.webp").read_bytes()
    site.write("q2_20.webp", whole[: len(whole) // 2])
    window.open(page(site, tracker('width="80"')))
    window.wait_for("told.some((each) => each.code === 'decode')")
    window.wait_for(LEVEL, "mobile")


def test_a_page_with_a_strict_policy_has_a_living_portrait(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "mobile")
    body = f'<script src="before.js"></script>{tracker()}'
    site.write("before.js", TOLD)
    window.open(site.page(body, name="strict.html"))
    window.wait_for(LEVEL, "mobile")
    assert seen(window, 1, 1) == (19, 19)


def test_half_transparent_colours_stay_as_they_are(window: Window, site: Site) -> None:
    Image.new("RGBA", drawn.FRAME, (200, 100, 40, 128)).save(site.folder / "half.webp", lossless=True, exact=True)
    window.open(page(site, '<gaze-tracker src="half.webp" mode="single" grid="1" width="80"></gaze-tracker>'))
    window.wait_for("told.some((each) => each.type === 'gaze-ready')")
    assert window.run(LOOK, 0, 0) == pytest.approx([200, 100, 40, 128], abs=2)


def test_zoom_sharpens_the_picture_and_leaves_the_gaze_where_it_was(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "mobile")
    window.open(page(site, f'<div style="zoom: 2; position: fixed; left: 150px">{tracker("width=100")}</div>'))
    window.wait_for(LEVEL, "mobile")
    window.run("document.querySelector('gaze-tracker').lookAt(null)")
    assert window.run("return document.querySelector('gaze-tracker').shadowRoot.querySelector('canvas').width") == 200
    window.point(400, 125)  # its middle
    cell = drawn.Seen(*window.run(LOOK, None)).cell
    assert cell == pytest.approx((10, 10), abs=1)


EARLY = """
const early = document.createElement('gaze-tracker');
Object.assign(early, { src: 'manifest.json', width: 60, noPoll: true });
document.body.append(early);
const script = document.createElement('script');
script.src = '/gaze/gaze-tracker.js';
document.head.append(script);
"""
PROPERTIES = """
const { src, width, noPoll } = document.querySelector('gaze-tracker');
return [src, width, noPoll];
"""


def test_properties_set_before_the_script_has_come_count(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    site.write("before.js", TOLD)
    window.open(site.page("", script='src="before.js"'))
    window.run(EARLY)
    window.wait_for(LEVEL, "preview")
    told = window.run(
        "const { src, width, noPoll } = document.querySelector('gaze-tracker'); return [src, width, noPoll]"
    )
    assert (told, box(window)) == (["manifest.json", "60", True], (60, 75))


ROUTE = """
history.pushState({}, '', '/another/page/');
document.querySelector('gaze-tracker').setAttribute('width', '60');
await new Promise(requestAnimationFrame);
return told.filter(({ type }) => type === 'gaze-error').length;
"""


def test_a_router_that_changes_the_address_leaves_the_portrait_alone(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    window.open(page(site, tracker()))
    window.wait_for(LEVEL, "preview")
    assert window.run(ROUTE) == 0
    assert window.run("return document.querySelector('gaze-tracker').ready")
    assert box(window) == (60, 75)


MOVE = """
const element = document.querySelector('gaze-tracker');
const shown = () => element.shadowRoot.querySelector('canvas').classList.contains('shown');
const asked = () => performance.getEntriesByType('resource').length;
const before = asked();
const seen = [];
for (const step of args[0]) {
  if (step === 'out') element.remove();
  if (step === 'elsewhere') new DOMParser().parseFromString('<p>', 'text/html').body.append(element);
  if (step === 'route') history.pushState({}, '', '/another/page/');
  if (step === 'in') document.body.append(element);
  for (let i = 0; i < 2; i += 1) await new Promise(requestAnimationFrame);
  seen.push(shown());
}
element.lookAt(1, 1);
for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
const canvas = element.shadowRoot.querySelector('canvas');
const { width, height } = element.getBoundingClientRect();
return {
  asked: asked() - before,
  seen,
  size: [width, height],
  pixel: [...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data],
};
"""


@pytest.mark.parametrize("steps", [["out", "in"], ["out", "route", "in"], ["elsewhere", "in"]], ids="-".join)
def test_an_element_that_a_page_moves_stays_alive(window: Window, site: Site, steps: list[str]) -> None:
    drawn.write_portrait(site.folder, "mobile")
    window.open(page(site, tracker("width=80")))
    window.wait_for(LEVEL, "mobile")
    told = window.run(MOVE, steps)
    assert (told["asked"], set(told["seen"]), told["size"]) == (0, {True}, [80, 100])
    assert drawn.Seen(*told["pixel"]).cell == (19, 19)


RESETS = """<style>
img, video { display: block; max-width: 100%; height: auto; vertical-align: middle }
img { margin: 1em; border: 3px solid; padding: 4px; object-fit: cover }
</style>"""
PICTURE = """
const { x, y, width, height } = document.querySelector('gaze-tracker > img').getBoundingClientRect();
const box = document.querySelector('gaze-tracker').getBoundingClientRect();
return [x - box.x, y - box.y, width, height];
"""


def test_a_frameworks_reset_leaves_the_picture_in_its_place(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    inside = '<img src="poster.webp" alt="x">'
    window.open(
        page(site, f'{RESETS}<gaze-tracker src="manifest.json" width="600" height="300">{inside}</gaze-tracker>')
    )
    window.wait_for(LEVEL, "preview")
    assert window.run(PICTURE) == [0, 0, 600, 300]


BOXES = """
window.boxes = [];
window.looks = 0;
const note = () => {
  looks += 1;
  const element = document.querySelector('gaze-tracker');
  if (element?.shadowRoot) {
    const { width, height } = element.getBoundingClientRect();
    const text = document.querySelector('p').getBoundingClientRect().top;
    const box = [width, height, text].map(Math.round).join();
    if (boxes.at(-1) !== box) boxes.push(box);
  }
  requestAnimationFrame(note);
};
requestAnimationFrame(note);
"""


def boxes_until(window: Window, level: str) -> list[str]:
    """Boxes up to a frame that began after the level was drawn: the frame that draws it may come before the look."""
    window.wait_for(LEVEL, level)
    window.wait_for("looks > args[0]", window.run("return looks"))
    return list(window.run("return boxes"))


def test_the_size_is_the_finished_portraits_from_the_manifest_on(window: Window, site: Site) -> None:
    """A coarse level has smaller frames: its size must never be the element's."""
    drawn.write_portrait(site.folder, "mobile", frame={"width": 40, "height": 50})
    window.open(page(site, f"{tracker()}<p>text</p>", BOXES))
    boxes = boxes_until(window, "mobile")
    assert boxes[-1].startswith("40,50,")
    assert not [each for each in boxes if each.startswith("20,25,")]


def test_what_follows_an_element_with_a_size_never_moves(window: Window, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", "mobile", frame={"width": 40, "height": 50})
    window.open(page(site, f"{tracker('width=40 height=50')}<p>text</p>", BOXES))
    assert len(boxes_until(window, "mobile")) == 1


def test_a_poster_keeps_room_until_the_manifest_is_there(window: Window, site: Site) -> None:
    site.write("wide.webp", drawn.poster((60, 40)))
    window.open(page(site, '<gaze-tracker src="none.json" poster="wide.webp"></gaze-tracker>'))
    window.wait_for("document.querySelector('gaze-tracker').getBoundingClientRect().width === 60")
    assert box(window) == (60, 40)


def test_a_page_may_fit_it_into_a_height(window: Window, site: Site) -> None:
    """The page computes the width from the element's proportion: WebKit finds no width from a height within a grid."""
    drawn.write_portrait(site.folder, "preview", frame={"width": 60, "height": 40})
    styles = "<style>div { display: grid; justify-items: center; width: min-content } "
    styles += "gaze-tracker { width: calc(200px * var(--gaze-ratio, 1)) }</style>"
    window.open(page(site, f"{styles}<div>{tracker()}</div>"))
    window.wait_for(LEVEL, "preview")
    assert box(window) == (300, 200)


EYES = """
const element = document.querySelector('gaze-tracker');
element.lookAt(...args);
for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
const canvas = element.shadowRoot.querySelector('canvas');
const { width, height } = canvas;
const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
return [width, height, btoa(Array.from(data, (each) => String.fromCharCode(each)).join(''))];
"""


def shown(window: Window, x: float, y: float) -> NDArray[np.int_]:
    width, height, pixels = window.run(EYES, x, y)
    rgba = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)
    return rgba[..., :3].astype(int)


def test_a_rig_is_drawn_alike_and_the_finer_photo_comes(window: Window, site: Site) -> None:
    write_rig(site.folder)
    window.open(page(site, tracker('width="324"')))
    window.wait_for("told.some(({ width }) => width === 324)")
    rest, left, right = (shown(window, x, 0) for x in (0, -1, 1))
    height, width = rest.shape[:2]
    photo = np.asarray(Image.fromarray(usual_photo()).resize((width, height), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(rest - photo).mean() < 8
    assert np.abs(left - right).mean() > 3
    assert np.array_equal(left[:4], right[:4])
    assert window.run("return told.filter(({ type }) => type === 'gaze-error')") == []
