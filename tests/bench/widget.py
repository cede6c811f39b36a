"""`make bench-widget`: the element beside itself with sheets alone and beside the original's way, PixiJS with four
sheets of 15×15 frames: what a visitor waits for, downloads and sees, and what it costs the visitor's machine.

Chromium draws in software, on whatever else the cores do: processor time hardly changes under load, waiting does.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from itertools import cycle, islice
from pathlib import Path

import cv2
from playwright.sync_api import ViewportSize

from gpuworker.contract import RenderRequest
from gpuworker.rendering.process_pool import ProcessPool
from gpuworker.rendering.scheduler import render
from gpuworker.vision.framing import SUPERSAMPLING
from tests import javascript
from tests.bench.fidelity import Motion, Truth, motion, psnr, sobel
from tests.bench.figures import REPOSITORY, Figure, publish, write
from tests.bench.photos import human_faces
from tests.bench.widget_site import ELEMENT, ORIGINAL, SHEETS, Site, served
from tests.bench.widget_visits import LOOPBACK, SLOW, Load, Memory, Network, Visitor, visitor

WAYS = (ELEMENT, SHEETS, ORIGINAL)
FINEST = {ELEMENT: None, SHEETS: "full", ORIGINAL: "full"}
"""The level that ends a load. A rig has none: its load ends when nothing more comes."""
LOADS = {ELEMENT: 3, SHEETS: 1, ORIGINAL: 1}
"""The median of them counts; the slow ones take half a minute each."""
LOOKS = [(0.0, 0.0), (-1.0, -1.0), (1.0, 1.0), (0.37, -0.52), (-0.61, 0.18), (0.09, 0.83)]
LIFELESS = ' idle="off" blink="off"'
"""What moves by itself would be counted as following."""
SIZED = f' width="410" height="512"{LIFELESS}'
TEXT = f"<p style='max-width: 410px'>{'Text that stands below it. ' * 9}</p>"

KB, MB = 1e3, 1e6
FIRST_BYTES, ALL_BYTES, SCRIPT_BYTES = 60, 250, 14
"""KB."""
FIRST_MS = 500
TEXTURES = 12
ORIGINAL_TEXTURES = 4 * 15 * 15 * 410 * 512 * 4 / MB
"""MB a portrait."""


@dataclass(frozen=True)
class Crowd:
    """Several portraits on one page, each with an address of its own; all of them are to be seen."""

    count: int
    columns: int
    width: int
    height: int
    window: ViewportSize
    textures: float
    """Bar, MB."""


CROWD_QUIET = 15.0
"""Seconds without a change after which a page of sheets is whole: it decodes one for seconds."""
CROWDS = (
    Crowd(6, 3, 300, 375, {"width": 940, "height": 780}, 6 * TEXTURES),
    Crowd(50, 10, 150, 187, {"width": 1540, "height": 960}, 128),
)


@dataclass(frozen=True)
class Measured:
    """One way of showing one portrait."""

    slow: Load
    quick: Load
    dense: Load
    """On a screen of two device pixels a CSS pixel, where more is loaded; loopback."""
    memory: Memory
    """On such a screen."""
    milliseconds: tuple[float, float]
    """Processor time a frame at the frame's size and at twice that."""
    motion: Motion
    likeness: tuple[float, float]
    """dB in the face, at frame size to the engine's frame, at twice that to a Lanczos warp of the source."""
    sharpness: float
    """Of that warp's, at twice the frame's size; 1 is as sharp."""


def main() -> None:
    missing = javascript.install(REPOSITORY)
    if missing:
        sys.exit(f"PixiJS is not here: {missing}")
    cv2.setNumThreads(1)
    photos = human_faces()
    figures: list[Figure] = []
    with _rendered(photos) as faces, served(faces) as site, visitor() as chromium:
        for name, photo in photos.items():
            figures += _of_one(site, chromium, name, photo)
            write("widget", figures)
        figures += _of_the_layout(site, chromium)
        for crowd in CROWDS:
            figures += _of_many(site, chromium, crowd)
            write("widget", figures)
    publish("widget", figures)


@contextmanager
def _rendered(photos: dict[str, bytes]) -> Iterator[dict[str, Path]]:
    """Folders with everything that a render makes, by name."""
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPool(size=2) as pool:
            for name, photo in photos.items():
                for _ in render(RenderRequest(photo=photo), Path(folder, name), pool):
                    pass
        yield {name: Path(folder, name) for name in photos}


def _of_one(site: Site, chromium: Visitor, name: str, photo: bytes) -> Iterator[Figure]:
    """Figures of a page with one portrait."""
    truth = Truth.of(photo, LOOKS)
    measured = {way: _measured(chromium, way, site.page(way, [name], more=SIZED), truth) for way in WAYS}
    for way, found in measured.items():
        yield from _of_loads(f"{name}, {way}", found, bars=way == ELEMENT)
        yield from _of_costs(f"{name}, {way}", found, measured[SHEETS].milliseconds if way == ELEMENT else None)
        yield from _of_looks(f"{name}, {way}", found, bars=way == ELEMENT)


def _measured(chromium: Visitor, way: str, address: str, truth: Truth) -> Measured:
    level = FINEST[way]
    print(f"  {address}: {way} …", flush=True)
    slow, quick = (_loads(chromium, address, network, LOADS[way], level) for network in (SLOW, LOOPBACK))
    memory = chromium.memory(address, level=level, scale=SUPERSAMPLING)
    with chromium.visit(address, level=level) as visit:
        small, frames = visit.milliseconds_a_frame(), visit.pictures(LOOKS)
        moved = motion(visit.sweep(truth.box))
    with chromium.visit(address, level=level, scale=SUPERSAMPLING) as visit:
        dense = visit.load
        large, fine = visit.milliseconds_a_frame(), visit.pictures(LOOKS)
    return Measured(
        slow,
        quick,
        dense,
        memory,
        (small, large),
        moved,
        (psnr(frames, truth.frames, truth.box), psnr(fine, truth.fine, truth.fine_box)),
        sobel(fine, truth.fine_box) / sobel(truth.fine, truth.fine_box),
    )


def _loads(chromium: Visitor, address: str, network: Network, times: int, level: str | None, count: int = 1) -> Load:
    """The median of each value over first visits."""
    loads = []
    for _ in range(times):
        with chromium.visit(address, count, network=network, level=level) as visit:
            loads.append(astuple(visit.load))
    return Load(*map(statistics.median, zip(*loads, strict=True)))


def _of_loads(name: str, found: Measured, *, bars: bool) -> list[Figure]:
    slow, quick = found.slow, found.quick
    return [
        _figure(f"{name}: first reaction, download", slow.first_bytes / KB, "KB", FIRST_BYTES if bars else None),
        _figure(f"{name}: finest picture, download", slow.bytes / KB, "KB", ALL_BYTES if bars else None),
        _figure(f"{name}: the same, dpr 2", found.dense.bytes / KB, "KB", ALL_BYTES if bars else None),
        _figure(f"{name}: script", slow.script_bytes / KB, "KB", SCRIPT_BYTES if bars else None),
        _figure(f"{name}: script with its parts", slow.all_script_bytes / KB, "KB"),
        _figure(f"{name}: first reaction, {LOOPBACK}", quick.first, "ms"),
        _figure(f"{name}: finest picture, {LOOPBACK}", quick.finest, "ms"),
        _figure(f"{name}: first reaction, {SLOW}", slow.first, "ms", FIRST_MS if bars else None),
        _figure(f"{name}: finest picture, {SLOW}", slow.finest, "ms"),
    ]


def _of_costs(name: str, found: Measured, bars: tuple[float, float] | None) -> list[Figure]:
    small, large = bars or (None, None)
    return [
        _figure(f"{name}: textures", found.memory.textures, "MB", TEXTURES if bars else None),
        *_of_memory(name, found.memory),
        _figure(f"{name}: CPU a frame, 410×512", found.milliseconds[0], "ms", small),
        _figure(f"{name}: CPU a frame, 820×1024", found.milliseconds[1], "ms", large),
    ]


def _of_memory(name: str, memory: Memory) -> list[Figure]:
    if not sys.platform.startswith("linux"):
        return []
    return [
        _figure(f"{name}: memory, GPU process", memory.gpu, "MB"),
        _figure(f"{name}: memory, page", memory.page, "MB"),
    ]


def _of_looks(name: str, found: Measured, *, bars: bool) -> list[Figure]:
    return [
        _figure(f"{name}: display frames without motion", found.motion.still, "", 0 if bars else None),
        _figure(f"{name}: motion a display frame, median", found.motion.usual, "px"),
        _figure(f"{name}: motion a display frame, largest", found.motion.largest, "px"),
        _figure(f"{name}: PSNR to the engine's frame", found.likeness[0], "dB"),
        _figure(f"{name}: PSNR to a Lanczos warp, dpr 2", found.likeness[1], "dB"),
        _figure(f"{name}: Sobel, share of that warp's, dpr 2", found.sharpness, ""),
    ]


def _of_many(site: Site, chromium: Visitor, crowd: Crowd) -> Iterator[Figure]:
    """Figures of a page with several portraits. The original's way needs more memory than most machines have: its
    textures are only counted."""
    names = list(islice(cycle(site.faces), crowd.count))
    more = f' width="{crowd.width}" height="{crowd.height}"{LIFELESS}'
    for way in (SHEETS, ELEMENT):
        name = f"{crowd.count} portraits, {way}"
        address = site.page(way, names, columns=crowd.columns, more=more)
        print(f"  {address}: {name} …", flush=True)
        options = {"window": crowd.window, "quiet": CROWD_QUIET}
        with chromium.visit(address, crowd.count, **options) as visit:
            load, milliseconds = visit.load, visit.milliseconds_a_frame()
        memory = chromium.memory(address, crowd.count, **options)
        yield _figure(f"{name}: download", load.bytes / KB, "KB")
        yield _figure(f"{name}: all react, {LOOPBACK}", load.first, "ms")
        yield _figure(f"{name}: all at their finest, {LOOPBACK}", load.finest, "ms")
        yield _figure(f"{name}: textures", memory.textures, "MB", crowd.textures if way == ELEMENT else None)
        yield from _of_memory(name, memory)
        yield _figure(f"{name}: CPU a frame", milliseconds, "ms")
    yield _figure(f"{crowd.count} portraits, {ORIGINAL}: textures, computed", crowd.count * ORIGINAL_TEXTURES, "MB")


def _of_the_layout(site: Site, chromium: Visitor) -> Iterator[Figure]:
    """Layout shift of text below one portrait."""
    tags = {"a share link's snippet": _share_style(), "width and height": SIZED, "no attributes": ""}
    for what, more in tags.items():
        address = site.page(ELEMENT, ["astronaut"], more=more, below=TEXT)
        load = _loads(chromium, address, SLOW, LOADS[ELEMENT], FINEST[ELEMENT])
        yield _figure(f"CLS, {what}", load.shift, "", 0)
        yield _figure(f"CLS, {what}, once the element is defined", load.late_shift, "", 0)


def _share_style() -> str:
    """The attributes of the tag in the snippet that the site gives to those who share."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
    import django

    django.setup()
    from portraits.sharing.share_urls import ShareURLs

    tag = ShareURLs("token").script_snippet.partition("<gaze-tracker")[2]
    return re.sub(r' src="[^"]*"', "", tag.partition(">")[0])


def _figure(name: str, value: float, unit: str, bar: float | None = None) -> Figure:
    return Figure.plain(name, value, unit) if bar is None else Figure.at_most(name, value, unit, round(bar, 1))


if __name__ == "__main__":
    main()
