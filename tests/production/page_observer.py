"""Observer of one page of a portrait while it changes, which is loaded only once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.production.site import ProductionSite
from tests.site.browser import PATIENCE, Visitor

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
RECORD = """
window.levels = [];
addEventListener('gaze-level', ({ detail }) => window.levels.push({ name: detail.name, at: performance.now() }));
performance.setResourceTimingBufferSize(10_000);
"""
"""Record that every page keeps about itself from its first moment: levels drawn and files loaded."""

DRAWN_OF = """([level, files]) => {
  const loaded = performance.getEntriesByType('resource')
    .filter((entry) => files.includes(entry.name.split('/').at(-1)))
    .map((entry) => entry.responseEnd);
  return loaded.length >= files.length
    && window.levels.some(({ name, at }) => name === level && at > Math.max(...loaded));
}"""


@dataclass
class PageObserver:
    """A page of a portrait, and what its socket tells it."""

    visitor: Visitor
    messages: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(RECORD)
        self.page.on("websocket", self._listen)

    @property
    def page(self) -> Page:
        return self.visitor.page

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda text: self.messages.append(json.loads(text)))

    def watch(self) -> None:
        """Observe the page from here on: it must not be loaded again."""
        self.page.evaluate("() => { window.neverLoadedAgain = true; }")

    @property
    def stayed(self) -> bool:
        return bool(self.page.evaluate("window.neverLoadedAgain === true"))

    def wait_drawn(self, level: str) -> None:
        """Until that level of what is shown now is drawn: an element announces it once all of its files are loaded."""
        manifest = self.page.request.get(self.snapshot()["manifest"]).json()
        listed = next(each for each in manifest["levels"] if each["name"] == level)
        files = [listed["rig"]] if listed["kind"] == "rig" else listed["sheets"]
        self.page.wait_for_function(DRAWN_OF, arg=[level, files])

    def snapshot(self) -> dict[str, Any]:
        """Snapshot as the page would poll it."""
        address = self.page.locator("#portrait").get_attribute("data-progress")
        answer: dict[str, Any] = self.page.request.get(str(address)).json()
        return answer

    def expect_line(self, sentence: str | re.Pattern[str], patience: float = PATIENCE) -> None:
        """Wait for the line on the refined version. patience: milliseconds."""
        line = self.page.locator("#refining-words")
        expect(line).to_have_text(sentence, timeout=patience)
        expect(line).to_be_visible()

    def wait_complete(self) -> dict[str, Any]:
        """Wait until the first pass has ended and its panel is hidden; the snapshot then."""
        expect(self.page.locator("#progress")).to_be_hidden(timeout=2 * PATIENCE)  # beside a worker that draws too
        return self.snapshot()


@contextmanager
def observe_page(browser: Browser, site: ProductionSite, size: str, state: Any = None) -> Iterator[PageObserver]:
    """Observer in a window of that size, with these cookies and storage."""
    context = browser.new_context(base_url=site.address, storage_state=state, **SIZES[size])
    try:
        yield PageObserver(Visitor(context.new_page(), size))
    finally:
        context.close()


def begin(somebody: PageObserver, photo: bytes) -> None:
    somebody.visitor.drop(photo)
    somebody.visitor.bring_to_life()
    somebody.watch()
    somebody.visitor.wait_alive()
