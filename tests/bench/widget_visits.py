"""Visits to pages with portraits in Chromium: times, bytes, memory, processor time, motion, and what is to be seen."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Playwright, ViewportSize, sync_playwright

from tests import chromium
from tests.bench import processes
from tests.bench.processes import GPU, PAGE

PROBE = Path(__file__).with_name("probe.js")
WINDOW: ViewportSize = {"width": 900, "height": 700}
LONGEST = 180.0
"""Seconds after which a page that is not whole yet is given up."""
QUIET = 2.0
"""Seconds without a download or a change after which a page is whole, where no level says so."""
PORTRAIT = "gaze-tracker, original-tracker"
SETTLING = 40
"""Frames of a wandering pointer before one counts: an element first learns how fast the device is."""
COUNTED = 60
WANDERED = 120
"""Frames in which the pointer comes everywhere."""
SWEEP, SKIPPED = 220, 40
"""Frames of the display, 60 a second, in which the pointer crosses the window; those before the gaze moves evenly."""

LOOK = """async (element, look) => {
  element.lookAt(...look);
  for (let i = 0; i < 4; i += 1) await new Promise(requestAnimationFrame);
}"""

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""


@dataclass(frozen=True)
class Network:
    """Bytes a second and milliseconds that each request waits; 0 for the machine's own."""

    name: str
    throughput: float = 0.0
    latency: float = 0.0

    def __str__(self) -> str:
        return self.name


LOOPBACK = Network("loopback")
SLOW = Network("10 Mbit/s, 40 ms", 10e6 / 8, 40)


@dataclass
class Traffic:
    """Downloads of one page, as Chromium's network stack counts them: headers included, compression as sent."""

    arrivals: list[tuple[float, int, str]] = field(default_factory=list)
    """Milliseconds since 1970, bytes, address."""
    pending: set[str] = field(default_factory=set)
    _addresses: dict[str, str] = field(default_factory=dict)
    _counted: dict[str, int] = field(default_factory=dict)
    _offset: float = 0.0

    @classmethod
    def of(cls, page: Page, network: Network) -> Traffic:
        traffic = cls()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        if network.throughput:
            conditions = {"downloadThroughput": network.throughput, "uploadThroughput": network.throughput}
            session.send(
                "Network.emulateNetworkConditions", {"offline": False, "latency": network.latency, **conditions}
            )
        session.on("Network.requestWillBeSent", traffic.on_request)
        session.on("Network.dataReceived", traffic.on_data)
        session.on("Network.loadingFinished", traffic.on_finished)
        session.on("Network.loadingFailed", lambda event: traffic.pending.discard(event["requestId"]))
        return traffic

    def total(self, until: float = np.inf) -> int:
        """Bytes that had arrived at a time, in milliseconds since 1970."""
        return sum(count for at, count, _ in self.arrivals if at <= until)

    def scripts(self) -> tuple[int, int]:
        """Bytes of the first script, and of all."""
        arrived = [(address, count) for _, count, address in self.arrivals if address.endswith(".js")]
        first = arrived[0][0]
        return sum(count for address, count in arrived if address == first), sum(count for _, count in arrived)

    def on_request(self, event: dict[str, Any]) -> None:
        self._offset = (event["wallTime"] - event["timestamp"]) * 1e3
        self._addresses[event["requestId"]] = event["request"]["url"]
        self.pending.add(event["requestId"])

    def on_data(self, event: dict[str, Any]) -> None:
        self._add(event, event["encodedDataLength"])

    def on_finished(self, event: dict[str, Any]) -> None:
        self.pending.discard(event["requestId"])
        self._add(event, int(event["encodedDataLength"]) - self._counted.get(event["requestId"], 0))

    def _add(self, event: dict[str, Any], count: int) -> None:
        request = event["requestId"]
        self._counted[request] = self._counted.get(request, 0) + count
        self.arrivals.append((event["timestamp"] * 1e3 + self._offset, count, self._addresses.get(request, "")))


@dataclass(frozen=True)
class Load:
    """Milliseconds since the navigation, bytes, and layout shift as Chromium scores it."""

    first: float
    finest: float
    first_bytes: float
    bytes: float
    script_bytes: float
    all_script_bytes: float
    """With the parts that the script loads."""
    shift: float
    late_shift: float
    """Of it, what came once the element was defined."""


@dataclass(frozen=True)
class Memory:
    """Megabytes above those of an empty page; textures as they were asked for."""

    gpu: float
    page: float
    textures: float


class Visit:
    """An open page whose portraits have come."""

    def __init__(self, page: Page, traffic: Traffic, count: int) -> None:
        self.page, self._traffic, self._count = page, traffic, count

    @property
    def load(self) -> Load:
        """How the page came, from an empty cache."""
        origin, first, finest, shifts = self.page.evaluate(
            f"[performance.timeOrigin, probe.alive({self._count}), probe.finest(), probe.shift()]"
        )
        early = self._traffic.total(origin + first)
        return Load(first, finest, early, self._traffic.total(), *self._traffic.scripts(), *shifts)

    def textures(self) -> float:
        """Megabytes of all textures that are alive, mipmaps included, as the page asked for them."""
        return float(self.page.evaluate("probe.textureBytes()")) / 1e6

    def wander(self, frames: int) -> None:
        self.page.evaluate(f"probe.wander({frames})")

    def milliseconds_a_frame(self) -> float:
        """Processor time of page and GPU process for one frame of the display while the pointer wanders."""
        browser = self.page.context.browser
        assert browser
        self.wander(SETTLING)
        before = processes.usage(browser).seconds
        self.wander(COUNTED)
        after = processes.usage(browser).seconds
        return sum(after[kind] - before[kind] for kind in (GPU, PAGE)) * 1e3 / COUNTED

    def pictures(self, looks: list[tuple[float, float]]) -> NDArray[np.uint8]:
        """(n, H, W, 3) of the portrait as the screen shows it, at these places (−1 … 1)."""
        portrait = self.page.locator(PORTRAIT)
        portrait.evaluate("element => element.setAttribute('smoothing', 1)")
        taken = []
        for look in looks:
            portrait.evaluate(LOOK, look)
            taken.append(np.asarray(Image.open(io.BytesIO(portrait.screenshot())).convert("RGB")))
        portrait.evaluate("element => { element.lookAt(null); element.removeAttribute('smoothing'); }")
        return np.stack(taken)

    def sweep(self, box: Box) -> NDArray[np.uint8]:
        """(n, H, W) grey: the face in each frame of the display while the pointer crosses the window evenly.

        The display is held afterwards: this is the last thing to do with a page.
        """
        options = {"count": SWEEP, "skipped": SKIPPED, "box": box}
        text = self.page.locator(PORTRAIT).evaluate("(element, options) => probe.sweep(element, options)", options)
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, box[3], box[2])


class Visitor:
    """A Chromium that draws in software."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self.browser = chromium.find().launch(playwright)

    @contextmanager
    def visit(
        self,
        address: str,
        count: int = 1,
        *,
        level: str | None = None,
        scale: float = 1,
        network: Network = LOOPBACK,
        window: ViewportSize = WINDOW,
        quiet: float = QUIET,
    ) -> Iterator[Visit]:
        """A first visit, from when all `count` portraits are at that level, or nothing more comes."""
        context = self.browser.new_context(viewport=window, device_scale_factor=scale)
        page = context.new_page()
        page.add_init_script(path=PROBE)
        traffic = Traffic.of(page, network)
        page.goto(address, wait_until="commit")
        if count:
            wait_until_whole(page, traffic, count, level, quiet)
        yield Visit(page, traffic, count)
        context.close()

    def memory(self, address: str, count: int = 1, **options: Any) -> Memory:
        """Memory of a page whose pointer has wandered over its portraits; in a browser of its own, because one that has
        shown a portrait keeps some of its memory."""
        alone = Visitor(self._playwright)
        with alone.visit("about:blank", 0):
            before = processes.usage(alone.browser).megabytes
        with alone.visit(address, count, **options) as visit:
            visit.wander(WANDERED)
            after = processes.usage(alone.browser).megabytes
            textures = visit.textures()
        alone.browser.close()
        return Memory(after[GPU] - before[GPU], after[PAGE] - before[PAGE], textures)


@contextmanager
def visitor() -> Iterator[Visitor]:
    with sync_playwright() as playwright:
        yield Visitor(playwright)


def wait_until_whole(page: Page, traffic: Traffic, count: int, level: str | None, quiet: float) -> None:
    """Waits until all portraits are alive and at a level, or, without one, until nothing has come for `quiet` seconds.

    Raises TimeoutError.
    """
    begun = quiet_since = time.monotonic()
    known = None
    while not _is_whole(page, traffic, count, level) or (not level and time.monotonic() - quiet_since < quiet):
        if time.monotonic() - begun > LONGEST:
            raise TimeoutError(f"{page.url} is not whole after {LONGEST:.0f} s.")
        page.wait_for_timeout(50)
        state = len(traffic.arrivals), page.evaluate("probe.finest()")
        if state != known:
            quiet_since, known = time.monotonic(), state


def _is_whole(page: Page, traffic: Traffic, count: int, level: str | None) -> bool:
    if traffic.pending or page.evaluate(f"probe.alive({count})") is None:
        return False
    return not level or set(page.evaluate("probe.levels()")) == {level}
