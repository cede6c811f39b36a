"""A person in a real browser: what they do and what they see."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

SCREENS = Path(__file__).parents[2] / "build" / "screens"
PATIENCE = 240_000
"""Milliseconds: a render beside other work may take minutes, and speed is not what these tests test."""

DROP = """([encoded, name]) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: 'image/jpeg' }));
  for (const type of ['dragenter', 'dragover', 'drop']) {
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
  window.droppedAt = Date.now();
}"""


DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
ANSWERED = """() => location.pathname.startsWith('/uploads/')
  || document.querySelector('#upload-error:not(.asking)')?.textContent"""


class Visitor:
    """One page with the moves that the tests make."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.dropped_at = 0.0
        page.set_default_timeout(PATIENCE)

    def keep(self, what: str) -> None:
        """A screenshot to look at: build/screens/NAME-WHAT.png."""
        photograph(self.page, f"{self.name}-{what}")

    def drop(self, photo: bytes) -> None:
        """Consent, then a photo let go over the page; ends on the page that asks for the crop."""
        self.page.goto("/upload/")
        self.page.check("#consent")
        self.dropped_at = time.monotonic()
        self.page.evaluate(DROP, [base64.b64encode(photo).decode(), "me.jpg"])
        self.page.wait_for_function(ANSWERED)
        assert "/uploads/" in self.page.url, self.page.locator("#upload-error").inner_text()

    def bring_to_life(self) -> None:
        self.page.click("#bring-to-life")
        self.page.wait_for_url("**/portraits/*/")

    def wait_alive(self, selector: str = "gaze-tracker") -> float:
        """Seconds since the drop."""
        self.page.wait_for_function("(s) => document.querySelector(s)?.ready", arg=selector, timeout=PATIENCE)
        return time.monotonic() - self.dropped_at

    def look_at(self, x: float, y: float) -> NDArray[np.uint8]:
        """Move the pointer to a share of the window; what the portrait shows once it has come to rest."""
        size = self.page.viewport_size
        assert size is not None
        self.page.mouse.move(size["width"] * x, size["height"] * y)
        before = self._portrait()
        while True:
            now = self._portrait()
            if np.array_equal(before, now):
                return now
            before = now

    def shown_at(self, *shares: tuple[float, float]) -> list[tuple[int, ...]]:
        """The colours at these shares of the portrait's width and height, as they are on the page."""
        seen = self.look_at(0.5, 0.5)
        return [tuple(int(v) for v in seen[round(y * seen.shape[0]), round(x * seen.shape[1])]) for x, y in shares]

    def four_corners(self) -> list[NDArray[np.uint8]]:
        return [self.look_at(x, y) for x in (0.02, 0.98) for y in (0.02, 0.98)]

    def _portrait(self) -> NDArray[np.uint8]:
        with Image.open(io.BytesIO(self.page.locator("gaze-tracker").first.screenshot())) as image:
            return np.asarray(image.convert("RGB"))

    def expect_state(self, state: str) -> None:
        expect(self.page.locator("#progress")).to_have_attribute("data-state", state, timeout=PATIENCE)


def photograph(page: Page, name: str) -> None:
    """Screenshot in build/screens/NAME.png. After following a link, a test first waits for something of the new page.

    Chromium cannot capture a page that has not been drawn yet, so it is given two frames first.
    """
    page.wait_for_load_state()
    page.evaluate(DRAWN)
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png")


def all_differ(pictures: list[NDArray[np.uint8]]) -> bool:
    """Whether each picture is really another one, not the same with a little noise."""
    pairs = [(a, b) for index, a in enumerate(pictures) for b in pictures[index + 1 :]]
    return all(np.abs(a.astype(int) - b).mean() > 1 for a, b in pairs)
