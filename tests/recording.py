"""A moving picture of the element as Chromium shows it: `python -m tests.recording static/readme/astronaut.webp`.

A pointer goes once around the portrait, which follows it and blinks. Every frame of the display is asked for one by
one, so that the picture runs evenly, whatever else the machine does.
"""

from __future__ import annotations

import io
import math
import sys
import tempfile
from pathlib import Path

import skimage.data
from PIL import Image
from playwright.sync_api import Page

from gpuworker.contract import RenderRequest
from gpuworker.rendering.process_pool import ProcessPool
from gpuworker.rendering.scheduler import render
from gpuworker.rendering.sheets import SYNTHETIC_XMP
from tests.bench.widget_site import ELEMENT, served
from tests.bench.widget_visits import visitor

WIDTH, HEIGHT = 320, 400
FRAMES, EVERY = 130, 2
"""Pictures, and frames of a 60 Hz display for each."""
DURATION = 33
"""Milliseconds that a picture stays."""
QUALITY = 85

PORTRAIT = f' width="{WIDTH}" height="{HEIGHT}"'
POINTER = """<svg id="pointer" width="20" height="30" viewBox="0 0 14 21"
 style="position: fixed; left: 0; top: 0; pointer-events: none; filter: drop-shadow(0 1px 1.5px #0008)">
<path d="M1 1v15.5l3.6-3.3 2.4 5.7 2.7-1.1-2.4-5.6h5z" fill="#fff" stroke="#111" stroke-width="1.1"/></svg>"""

SEED = 7
SEEDED = """(seed) => {
  let state = seed;
  Math.random = () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}"""
"""Random numbers that are the same each time."""

STEP = """([x, y, count]) => {
  document.querySelector('#pointer').style.transform = `translate(${x}px, ${y}px)`;
  probe.point(x, y);
  for (let i = 0; i < count; i += 1) probe.frame();
}"""


def main(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _render(Path(folder))
        pictures = _recorded(Path(folder))
    write(pictures, path)


def write(pictures: list[Image.Image], path: Path) -> None:
    """An endless animated WebP that says what it shows."""
    moving = io.BytesIO()
    options = {"quality": QUALITY, "method": 4, "duration": DURATION, "loop": 0, "xmp": SYNTHETIC_XMP}
    pictures[0].save(moving, "WEBP", save_all=True, append_images=pictures[1:], minimize_size=True, **options)
    path.write_bytes(moving.getbuffer())


def place(share: float) -> tuple[float, float]:
    """Where the pointer is in the portrait, in pixels, at a share 0 … 1 of a closed way through the middle."""
    angle = 2 * math.pi * share
    return WIDTH * (0.5 + 0.46 * math.sin(angle)), HEIGHT * (0.45 - 0.4 * math.sin(2 * angle))


def _render(folder: Path) -> None:
    photo = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(photo, "PNG")
    with ProcessPool(size=1) as pool:
        for _ in render(RenderRequest(photo=photo.getvalue(), levels=("rig",)), folder, pool):
            pass


def _recorded(folder: Path) -> list[Image.Image]:
    """The pictures of one way round, after one that brings the portrait into its stride."""
    with served({"astronaut": folder}) as site, visitor() as chromium:
        address = site.page(ELEMENT, ["astronaut"], more=PORTRAIT, below=POINTER)
        with chromium.visit(address, window={"width": WIDTH, "height": HEIGHT}) as visit:
            visit.page.evaluate(SEEDED, SEED)
            visit.page.evaluate("probe.hold()")
            for number in range(-FRAMES, 0):
                visit.page.evaluate(STEP, [*place(number / FRAMES), EVERY])
            return [_picture(visit.page, number / FRAMES) for number in range(FRAMES)]


def _picture(page: Page, share: float) -> Image.Image:
    page.evaluate(STEP, [*place(share), EVERY])
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
