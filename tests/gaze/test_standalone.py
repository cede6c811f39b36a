from __future__ import annotations

import shutil

from PIL import Image

from tests.gaze import drawn
from tests.gaze.conftest import GAZE, Site, Stage

COLOURS = """() => {
  const room = document.querySelector('.ambience');
  const context = room.getContext('2d');
  return [[0.05, 0.05], [0.95, 0.95]].map(([x, y]) =>
    [...context.getImageData(room.width * x, room.height * y, 1, 1).data].slice(0, 3));
}"""


def open_page(stage: Stage, site: Site) -> None:
    html = (GAZE / "standalone.html").read_text()
    site.write("index.html", html.replace('"./', '"/gaze/'))
    shutil.copy(GAZE / "standalone.css", site.folder)
    stage.open(f"{site.url}/index.html")


def test_the_room_takes_its_colours_from_the_portrait(stage: Stage, site: Site) -> None:
    poster = Image.new("RGB", (40, 50), (200, 40, 40))
    poster.paste((40, 40, 200), (0, 25, 40, 50))
    site.write("poster.webp", drawn.encoded(poster))
    open_page(stage, site)
    stage.wait_for("() => document.querySelector('.ambience').width > 100")
    above, below = stage.page.evaluate(COLOURS)
    assert above[0] > 150 > 90 > above[2]
    assert below[2] > 150 > 90 > below[0]


def test_without_a_picture_the_room_is_plain(stage: Stage, site: Site) -> None:
    open_page(stage, site)
    stage.wait_for("() => !document.querySelector('.ambience')")
