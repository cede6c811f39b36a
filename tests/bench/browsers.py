"""`make bench-browsers`: how one rendered face fares in Chromium, Firefox and WebKit, drawing in software: when it is
alive, whether anything holds up the page while its levels load, how quickly it follows, and what it moves on a page."""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import skimage.data
from PIL import Image
from playwright.sync_api import sync_playwright

from gpuworker.__main__ import main as gpuworker
from tests import chromium
from tests.bench.figures import Figure, publish
from tests.browsers import installed
from tests.browsers.display import virtual_display
from tests.browsers.launch import launched
from tests.browsers.playwright_window import PlaywrightWindow
from tests.browsers.window import Window
from tests.gaze.conftest import Handler, Server

WIDTH, HEIGHT = 1000, 800
LOADS = 3
"""The median of them counts."""
LONGEST_TASK_BAR = 50.0
SHIFT_BAR = 0.0

MONITOR = """
window.gaps = [];
let last = performance.now();
const tick = () => {
  const now = performance.now();
  gaps.push(now - last);
  last = now;
  setTimeout(tick);
};
tick();
window.told = {};
addEventListener('gaze-ready', () => { told.alive = performance.now(); });
addEventListener('gaze-level', ({ detail }) => { told[detail.name] = performance.now(); });

// Layout shift as Chromium counts it, for browsers that do not: the share of the window that moves, times how far.
window.shift = 0;
window.shiftOfDefined = 0;
let before = null;
const look = () => {
  const text = document.querySelector('p')?.getBoundingClientRect();
  if (text && before !== null && text.top !== before) {
    const distance = Math.abs(text.top - before);
    const moved = Math.min(innerHeight, text.bottom + distance) - Math.min(text.top, before);
    const share = (Math.max(0, moved) * text.width) / (innerWidth * innerHeight);
    const amount = (share * distance) / Math.max(innerWidth, innerHeight);
    shift += amount;
    if (window.wasDefined) shiftOfDefined += amount;
  }
  before = text?.top ?? null;
  window.wasDefined = Boolean(document.querySelector('gaze-tracker')?.shadowRoot);
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
"""A turn of an empty timer takes up to 4 ms: what is longer, something else has taken."""

FOLLOW = """
const times = [];
const seen = [];
let last = 0;
for (let i = 0; i < 90; i += 1) {
  const now = await new Promise(requestAnimationFrame);
  if (i > 10) times.push(now - last);
  last = now;
  const clientX = innerWidth * (0.5 + 0.45 * Math.sin(i / 10));
  const clientY = innerHeight * (0.5 + 0.45 * Math.cos(i / 13));
  dispatchEvent(new PointerEvent('pointermove', { clientX, clientY, pointerType: 'mouse' }));
}
times.sort((a, b) => a - b);
return [times[times.length >> 1], times.at(-3)];
"""
TEXT = f"<p>{'Text that stands below it. ' * 60}</p>"


Opened = Callable[[], AbstractContextManager[Window]]
"""Starts a fresh browser: one that has just left a face is busy with forgetting it."""


def main() -> None:
    figures: list[Figure] = []
    with _rendered_face() as (address, folder):
        for name, opened in _browsers(folder):
            figures += _measured(name, opened, address)
            publish("browsers", figures)


def _measured(name: str, opened: Opened, address: str) -> Iterator[Figure]:
    loads = []
    for _ in range(LOADS):
        with opened() as window:
            loads.append(_loaded(window, address))
    alive, full, longest = (statistics.median(values) for values in zip(*loads, strict=True))
    yield Figure.plain(f"{name}: first alive", alive, "ms")
    yield Figure.plain(f"{name}: finest level", full, "ms")
    yield Figure.at_most(f"{name}: longest task while levels load", longest, "ms", LONGEST_TASK_BAR)
    with opened() as window:
        _loaded(window, address)
        usual, slow = window.run(FOLLOW)
        yield Figure.plain(f"{name}: a frame while following, median", usual, "ms")
        yield Figure.plain(f"{name}: a frame while following, p98", slow, "ms")
        for page, what in (("snippet", "of the site's snippet"), ("bare", "of a bare tag once it is defined")):
            window.open(f"{address}/{page}.html")
            window.wait_for("told.mobile ?? told.full")
            shift = window.run("return args[0] === 'bare' ? shiftOfDefined : shift", page)
            yield Figure.at_most(f"{name}: layout shift {what}", shift, "", SHIFT_BAR)


def _loaded(window: Window, address: str) -> tuple[float, float, float]:
    """Milliseconds until the face is alive and until it is at its finest, and the longest task on the way."""
    window.open(f"{address}/page.html")
    window.wait_for("told.full")
    alive, full, longest = window.run("return [told.alive, told.full, Math.max(...gaps.slice(1))]")
    return alive, full, longest


def _browsers(folder: Path) -> Iterator[tuple[str, Opened]]:
    yield "Chromium", _chromium
    numbers = count()
    for name, label in ((installed.FIREFOX, "Firefox"), (installed.WEBKIT, "WebKit")):
        lacking = installed.missing(name)
        if lacking:
            print(f"{label} is left out: there is no {lacking} (apt-get install {installed.PACKAGES}).")
            continue
        with virtual_display() as display:
            yield label, lambda name=name, display=display: _other(name, display, folder / f"profile{next(numbers)}")


@contextmanager
def _chromium() -> Iterator[Window]:
    with sync_playwright() as playwright:
        browser = chromium.find().launch(playwright)
        yield PlaywrightWindow(browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}))
        browser.close()


@contextmanager
def _other(name: str, display: str, profile: Path) -> Iterator[Window]:
    with launched(name, display, profile) as window:
        window.resize(WIDTH, HEIGHT)
        yield window


@contextmanager
def _rendered_face() -> Iterator[tuple[str, Path]]:
    """Pages with the astronaut on them, and where else files may lie."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        photo = io.BytesIO()
        Image.fromarray(skimage.data.astronaut()).save(photo, "JPEG", quality=92)
        (folder / "photo.jpg").write_bytes(photo.getvalue())
        gpuworker(["render", str(folder / "photo.jpg"), str(folder / "face")])
        (folder / "monitor.js").write_text(MONITOR)
        script, snippet = _snippets()
        tag = '<gaze-tracker src="face/manifest.json"></gaze-tracker>'
        sized = '<gaze-tracker src="face/manifest.json" width="410" height="512"></gaze-tracker>'
        for name, body in (("page", script + sized), ("snippet", snippet), ("bare", script + tag)):
            html = f'<!doctype html><meta charset="utf-8"><script src="monitor.js"></script>{body}{TEXT}'
            (folder / f"{name}.html").write_text(html)
        server = Server(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        server.server_close()


def _snippets() -> tuple[str, str]:
    """A bare script tag, and the snippet that the site gives to those who share, with this server's addresses."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
    import django

    django.setup()
    from portraits.sharing.element_script import CURRENT
    from portraits.sharing.share_urls import ShareURLs

    share_urls = ShareURLs("token")
    here = {CURRENT.url: "/gaze/gaze-tracker.min.js", share_urls.manifest: "face/manifest.json"}
    snippet = share_urls.script_snippet
    for there, address in here.items():
        snippet = snippet.replace(there, address)
    return snippet.partition("<gaze-tracker")[0], snippet


if __name__ == "__main__":
    main()
