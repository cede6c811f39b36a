"""Frames of a rig as the element's own shader draws them, in a headless Chromium that Playwright drives.

Neither is a dependency: where one lacks, the caller shows the engine's frames and says why. Nothing is fetched from
anywhere: the page, the element's modules and the rig are handed to the browser by this process.
"""

from __future__ import annotations

import base64
import io
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker.cli import standalone_page
from gpuworker.contract import PHOTO_NAMES, RIG_NAME, Size
from gpuworker.grid import Direction

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright, Route

PROGRAMS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""Every machine then draws the same pixels."""
ORIGIN = "http://rig.localhost"
CONTENT_TYPES = {".js": "text/javascript", ".webp": "image/webp", ".bin": "application/octet-stream"}

DRAW = """async ({ rig, photo, poses, width, height }) => {
  const { openRig } = await import(`${location.origin}/rig/draw.js`);
  const [data, picture] = await Promise.all([rig, photo].map((name) => fetch(name)));
  const draw = await openRig(await data.arrayBuffer(), await picture.blob());
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  return poses.map(([x, y, close]) => {
    draw(canvas, { x, y, close }, { sharp: true });
    return canvas.toDataURL('image/png').split(',')[1];
  });
}"""


class ShaderUnavailableError(Exception):
    """The shader cannot draw here; the message says why, as the second half of a sentence."""


def draw(
    rig: bytes, photo: bytes, directions: Sequence[Direction], frame: Size, close: Sequence[float] | None = None
) -> NDArray[np.uint8]:
    """Frames (n, H, W, C) uint8 of rig.bin with photo.webp, in the order asked; C = 4 where the photo has alpha.

    directions: as a visitor's pointer gives them; the rig itself scales them by its intensity.
    close: how far the lids have come down in each, 0 … 1; None: all are open. Raises ShaderUnavailableError.
    """
    if not (standalone_page.element_folder() / "rig" / "draw.js").is_file():
        raise ShaderUnavailableError("the element's modules are not in this package, only in a checkout")
    with _browser() as browser:
        return draw_in(browser, rig, photo, directions, frame, close)


def draw_in(
    browser: Browser,
    rig: bytes,
    photo: bytes,
    directions: Sequence[Direction],
    frame: Size,
    close: Sequence[float] | None = None,
) -> NDArray[np.uint8]:
    """The frames of `draw`, made in a browser that runs already. Raises Playwright's Error when the shader fails."""
    page = browser.new_page()
    try:
        files = _files(rig, photo)
        page.route(f"{ORIGIN}/**", lambda route: _answer(route, files))
        page.goto(f"{ORIGIN}/")
        lids = close or [0.0] * len(directions)
        poses = [(look.x, look.y, shut) for look, shut in zip(directions, lids, strict=True)]
        names = {"rig": RIG_NAME, "photo": PHOTO_NAMES["webp"]}
        drawn = page.evaluate(DRAW, {**names, "poses": poses, "width": frame.width, "height": frame.height})
    finally:
        page.close()
    mode = Image.open(io.BytesIO(photo)).mode
    pictures = (Image.open(io.BytesIO(base64.b64decode(each))).convert(mode) for each in drawn)
    return np.stack([np.asarray(picture, np.uint8) for picture in pictures])


def _files(rig: bytes, photo: bytes) -> dict[str, bytes]:
    """Everything that the page may load, by path."""
    folder = standalone_page.element_folder()
    scripts = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.js")}
    return {**scripts, RIG_NAME: rig, PHOTO_NAMES["webp"]: photo, "": b"<!doctype html>"}


def _answer(route: Route, files: Mapping[str, bytes]) -> None:
    path = urlsplit(route.request.url).path.removeprefix("/")
    if path in files:
        route.fulfill(body=files[path], content_type=CONTENT_TYPES.get(Path(path).suffix, "text/html"))
    else:
        route.fulfill(status=404)


@contextmanager
def _browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError as error:
        raise ShaderUnavailableError("Playwright is not installed") from error
    try:
        with sync_playwright() as playwright:
            browser = _launched(playwright)
            yield browser
            browser.close()
    except Error as error:
        raise ShaderUnavailableError(f"Playwright says: {str(error).splitlines()[0]}") from error


def _launched(playwright: Playwright) -> Browser:
    own = Path(playwright.chromium.executable_path)
    program = next(filter(None, map(shutil.which, PROGRAMS)), str(own) if own.exists() else None)
    if program is None:
        raise ShaderUnavailableError("no Chromium is installed")
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    return playwright.chromium.launch(executable_path=program, args=[*SOFTWARE_GL, *root])
