"""`make bench-site`: from a photo to a face that is alive and complete, and how fast pages stay meanwhile."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import skimage.data
from PIL import Image
from playwright.sync_api import sync_playwright

from tests import chromium
from tests.bench.figures import Figure, publish
from tests.site.browser import Visitor
from tests.site.running import Person, RunningSite

RUNS = 5
ALIVE_BAR, COMPLETE_BAR = 4.0, 30.0
PAGE_BAR = 300.0


@dataclass
class Run:
    """One portrait. Seconds from sending the photo; milliseconds of each page fetched while it was rendered."""

    alive: float = 0.0
    complete: float = 0.0
    pages: dict[str, list[float]] = field(default_factory=dict)


def main() -> None:
    photo = _photo()
    with _site() as site:
        person = Person(site)
        person.sign_in(site.sign_in_link())
        _one(person, photo)  # warms caches, templates and the rendering processes
        runs = [_one(person, photo) for _ in range(RUNS)]
        idle = _pages_of_idle(person)
        drops = _drops(site, photo)
    publish(
        "site",
        [
            *_in_a_browser(drops),
            *_journeys(runs),
            *_latencies("while a job renders", runs, PAGE_BAR),
            *_latencies("idle", [idle]),
        ],
    )


@contextmanager
def _site() -> Iterator[RunningSite]:
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder) / "data", "--no-demo")
        site.start()
        try:
            yield site
        finally:
            site.kill()


def _photo() -> bytes:
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=92)
    return file.getvalue()


def _one(person: Person, photo: bytes) -> Run:
    run, start = Run(), time.perf_counter()
    portrait = person.upload(photo)
    session = person.session_of(portrait)
    person.until(session, "alive")
    run.alive = time.perf_counter() - start
    while not person.progress(session)["complete"]:
        _fetch_all(person, portrait, session, run.pages)
    run.complete = time.perf_counter() - start
    return run


def _drops(site: RunningSite, photo: bytes) -> list[float]:
    """Seconds from letting a photo go over the page to a face that follows, in Chromium without a GPU."""
    with sync_playwright() as playwright:
        browser = chromium.find().launch(playwright)
        page = browser.new_page(base_url=site.address, viewport={"width": 1440, "height": 900})
        page.goto(site.manage("sign_in_link", "browser@example.com").stdout.strip())
        visitor, seconds = Visitor(page, "bench"), []
        for _ in range(RUNS + 1):
            visitor.drop(photo)
            visitor.bring_to_life()
            seconds.append(visitor.wait_alive())
            visitor.expect_state("ready")
        browser.close()
    return seconds[1:]  # the first one fills the browser's cache


def _in_a_browser(drops: list[float]) -> list[Figure]:
    return [
        Figure.at_most("photo dropped in Chromium → alive, median", statistics.median(drops), "s", ALIVE_BAR),
        Figure.at_most("photo dropped in Chromium → alive, slowest", max(drops), "s", ALIVE_BAR),
    ]


def _pages_of_idle(person: Person) -> Run:
    run = Run()
    portrait = person.upload(_photo())
    session = person.session_of(portrait)
    person.until(session, "ready")
    for _ in range(20):
        _fetch_all(person, portrait, session, run.pages)
    return run


def _fetch_all(person: Person, portrait: str, session: str, times: dict[str, list[float]]) -> None:
    pages = {
        "home": "/",
        "gallery": "/portraits/",
        "portrait page": f"/portraits/{portrait}/",
        "progress": f"/sessions/{session}/progress.json",
        "thumbnail": f"/portraits/{portrait}/thumbnail.webp",
    }
    for name, address in pages.items():
        start = time.perf_counter()
        assert person.http.get(address).status_code == 200
        times.setdefault(name, []).append(1000 * (time.perf_counter() - start))


def _journeys(runs: list[Run]) -> list[Figure]:
    return [
        Figure.at_most("photo sent → alive, median", statistics.median(run.alive for run in runs), "s", ALIVE_BAR),
        Figure.at_most("photo sent → alive, slowest", max(run.alive for run in runs), "s", ALIVE_BAR),
        Figure.at_most("photo sent → complete, median", statistics.median(r.complete for r in runs), "s", COMPLETE_BAR),
    ]


def _latencies(when: str, runs: list[Run], bar: float | None = None) -> list[Figure]:
    figures = []
    for name in runs[0].pages:
        times = sorted(ms for run in runs for ms in run.pages[name])
        figures.append(Figure.plain(f"{name}, {when}, p50", statistics.median(times), "ms"))
        p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
        label = f"{name}, {when}, p95"
        figures.append(Figure.plain(label, p95, "ms") if bar is None else Figure.at_most(label, p95, "ms", bar))
    return figures


if __name__ == "__main__":
    main()
