"""`make bench-site`: from a photo to a face that is alive and complete, how fast pages stay meanwhile, and how soon
those who watch hear of it; on embedded and on production parts, beside a bare page of Django."""

from __future__ import annotations

import io
import statistics
import time
from dataclasses import dataclass, field

import skimage.data
from PIL import Image
from playwright.sync_api import sync_playwright

from tests import chromium
from tests.bench import latencies, parts, sockets
from tests.bench.figures import Figure, publish
from tests.bench.latencies import Timings, timed
from tests.bench.parts import SiteOfParts
from tests.bench.sockets import Crowd, Watched
from tests.site.browser import Visitor
from tests.site.running import Person

RUNS = 3
IDLE_ROUNDS, UPLOADS = 200, 100
"""Rounds and uploads: with 100 and more, p99 is not just the slowest."""
CROWDS = {1: 100, 100: 10, 1000: 5}
"""Publications by number of sockets."""
ALIVE_BAR, DROPPED_BAR, BESIDE_BAR, SHEETS_BAR = 0.4, 1.5, 2.0, 30.0
"""Seconds; the second and the third for Chromium without a GPU, alone and while another portrait's sheets are drawn."""
IN_A_ROW, CPU_BAR = 60, 0.6
"""Photos one after the other, and CPU seconds of the whole site for each until it is alive."""
PAGE_BAR = 300.0
BARE = "bare page"
PAUSE = 0.05
"""Seconds between two questions whether a face is alive; half of it is the figure's error."""


@dataclass
class Run:
    """One portrait. Seconds from sending the photo; milliseconds of each page fetched while sheets were drawn."""

    portrait: str
    session: str
    alive: float = 0.0
    sheets: float = 0.0
    pages: Timings = field(default_factory=dict)


def main() -> None:
    sockets.allow_sockets()
    photo, figures = _photo(), list[Figure]()
    try:
        with parts.embedded() as site:
            figures += [*_in_a_browser(site, photo), *_beside_sheets(site, photo), *_on(site, photo)]
        with parts.embedded("on-request") as site:
            figures += _in_a_row(site, photo)
        with parts.production() as site:
            figures += [*_in_a_browser(site, photo), *_on(site, photo)]
        for gpu in ("cold", "failing"):
            with parts.production(gpu) as site:
                figures += _in_a_browser(site, photo)
    finally:  # what was measured is shown even where the other parts are missing
        if figures:
            publish("site", figures)


def _photo() -> bytes:
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=92)
    return file.getvalue()


def _on(site: SiteOfParts, photo: bytes) -> list[Figure]:
    """Everything but the browser's."""
    with site.person("owner@example.com") as person:
        _one(site, person, photo)  # warms caches, templates and the rendering processes
        runs = [_one(site, person, photo) for _ in range(RUNS)]
        idle = _pages_of_idle(site, person, runs[-1])
        crowds = [_crowd(site, person, runs[-1], *each) for each in CROWDS.items()]
    with site.person("hasty@example.com") as person:  # waiting photos would make the other's gallery longer
        uploads = _acknowledgements(person, photo)
    return [
        *_journeys(site, runs),
        *_pages(f"{site.parts}, while sheets are drawn", latencies.merged([run.pages for run in runs]), PAGE_BAR),
        *_pages(f"{site.parts}, idle", idle),
        *latencies.figures(f"upload acknowledged, {site.parts}, idle", uploads),
        *(figure for crowd in crowds for figure in _arrivals(site, crowd)),
    ]


# --- from a photo to a face


def _one(site: SiteOfParts, person: Person, photo: bytes) -> Run:
    start = time.perf_counter()
    portrait = person.upload(photo)
    run = Run(portrait, person.session_of(portrait))
    person.until(run.session, "alive", pause=PAUSE)
    run.alive = time.perf_counter() - start
    while not person.progress(run.session)["has_sheets"]:
        _fetch_all(site, person, run, run.pages)
    run.sheets = time.perf_counter() - start
    return run


def _journeys(site: SiteOfParts, runs: list[Run]) -> list[Figure]:
    alive, sheets = [run.alive for run in runs], [run.sheets for run in runs]
    name = f"photo sent → %s, {site.parts}, %s"
    return [
        Figure.at_most(name % ("alive", "median"), statistics.median(alive), "s", ALIVE_BAR),
        Figure.at_most(name % ("alive", "slowest"), max(alive), "s", ALIVE_BAR),
        Figure.at_most(name % ("sheets drawn", "median"), statistics.median(sheets), "s", SHEETS_BAR),
    ]


def _in_a_browser(site: SiteOfParts, photo: bytes) -> list[Figure]:
    drops, name = _drops(site, photo), f"photo dropped in Chromium → alive, {site.parts}"
    return _dropped(name, drops, DROPPED_BAR)


def _dropped(name: str, drops: list[float], bar: float) -> list[Figure]:
    return [
        Figure.at_most(f"{name}, median", statistics.median(drops), "s", bar),
        Figure.at_most(f"{name}, slowest", max(drops), "s", bar),
    ]


def _beside_sheets(site: SiteOfParts, photo: bytes) -> list[Figure]:
    """The same while sheets of another person's portrait are drawn: so many wait that they outlast it."""
    with site.person("drawer@example.com") as person:
        for _ in range(2 * RUNS):
            last = person.session_of(person.upload(photo))
        drops = _drops(site, photo, sheets=False)
        assert not person.progress(last)["has_sheets"], "the sheets were drawn before the last photo was dropped"
        person.until_sheets(last)
    return _dropped(f"photo dropped in Chromium → alive, {site.parts}, beside sheets", drops, BESIDE_BAR)


def _in_a_row(site: SiteOfParts, photo: bytes) -> list[Figure]:
    """CPU of the whole site for each of many photos, from sending it until it is alive."""
    with site.person("many@example.com") as person:
        person.until(person.session_of(person.upload(photo)), "ready")
        before = site.cpu()
        for _ in range(IN_A_ROW):
            person.until(person.session_of(person.upload(photo)), "alive", pause=PAUSE)
        spent = (site.cpu() - before) / IN_A_ROW
    return [Figure.at_most(f"CPU a portrait until alive, {IN_A_ROW} in a row, {site.parts}", spent, "s", CPU_BAR)]


def _drops(site: SiteOfParts, photo: bytes, *, sheets: bool = True) -> list[float]:
    """Seconds from letting a photo go over the page to a face that follows, in Chromium without a GPU.

    sheets: whether to wait for the sheets of each before the next is dropped.
    """
    with sync_playwright() as playwright:
        browser = chromium.find().launch(playwright)
        page = browser.new_page(base_url=site.address, viewport={"width": 1440, "height": 900})
        page.goto(site.sign_in_link("browser@example.com"))
        visitor, seconds = Visitor(page, "bench"), []
        for _ in range(RUNS + 1):
            visitor.drop(photo)
            visitor.bring_to_life()
            seconds.append(visitor.wait_alive())
            if sheets:
                visitor.expect_state("ready")
        browser.close()
    return seconds[1:]  # the first one fills the browser's cache


# --- pages


def _pages_of_idle(site: SiteOfParts, person: Person, run: Run) -> Timings:
    pages: Timings = {}
    for _ in range(IDLE_ROUNDS):
        _fetch_all(site, person, run, pages)
    return pages


def _fetch_all(site: SiteOfParts, person: Person, run: Run, timings: Timings) -> None:
    """Fetch each page by turns with the bare page, so that other work of the machine slows all of them."""
    pages = {
        "home": "/",
        "gallery": "/portraits/",
        "portrait page": f"/portraits/{run.portrait}/",
        "progress": f"/sessions/{run.session}/progress.json",
        "thumbnail": f"/portraits/{run.portrait}/thumbnail.webp",
    }
    for name, address in pages.items():
        assert timed(timings, name, lambda address=address: person.http.get(address)).status_code == 200
    assert timed(timings, BARE, lambda: site.bare.get("/")).status_code == 200


def _pages(when: str, timings: Timings, bar: float | None = None) -> list[Figure]:
    figures = []
    for name, milliseconds in timings.items():
        figures += latencies.figures(f"{name}, {when}", milliseconds, None if name == BARE else bar)
        if name != BARE:
            figures.append(latencies.ratio(f"{name}, {when}", milliseconds, timings[BARE]))
    return figures


def _acknowledgements(person: Person, photo: bytes) -> list[float]:
    """Milliseconds from sending a photo to the answer that it is stored, and which faces are in it."""
    timings: Timings = {}
    form = {"csrfmiddlewaretoken": person.token("/upload/"), "consent": "on"}
    for _ in range(UPLOADS):
        files = {"photo": ("photo.jpg", photo, "image/jpeg")}
        headers = {"Accept": "application/json"}
        answer = timed(
            timings,
            "upload",
            lambda files=files, headers=headers: person.http.post("/upload/", data=form, files=files, headers=headers),
        )
        assert answer.status_code == 201, answer.text
    return timings["upload"]


# --- progress


def _crowd(site: SiteOfParts, person: Person, run: Run, count: int, rounds: int) -> Crowd:
    cookie = "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())
    return sockets.watch(Watched(site.address, cookie, run.session, site.publisher), count, rounds)


def _arrivals(site: SiteOfParts, crowd: Crowd) -> list[Figure]:
    many = "1 socket" if crowd.sockets == 1 else f"{crowd.sockets:,} sockets"
    name = f"progress published → arrived, {site.parts}, {many}"
    share = 100 * len(crowd.milliseconds) / max(1, crowd.expected)
    return [
        *(latencies.figures(name, crowd.milliseconds) if crowd.milliseconds else []),
        Figure.plain(f"{name}, until open or given up", crowd.opening, "s"),
        Figure.at_least(f"{name}, open to the end", crowd.remaining, "sockets", crowd.sockets),
        Figure.at_least(f"{name}, of the open ones within {sockets.ROUND_SECONDS:g} s", share, "%", 100),
    ]


if __name__ == "__main__":
    main()
