"""A person's whole way in Firefox and WebKit: sign in, upload, make, share, embed; kept in build/screens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browsers.launch import launched
from tests.browsers.window import Window
from tests.gaze.conftest import Site
from tests.site.browser import SCREENS
from tests.site.conftest import photo as photo
from tests.site.running import RunningSite

pytestmark = pytest.mark.slow

ALIVE = "document.querySelector('gaze-tracker')?.ready"
PATIENCE = 240.0
PICTURE = """
const element = document.querySelector('gaze-tracker');
element.setAttribute('smoothing', '1');
element.lookAt(...args);
for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
return element.shadowRoot.querySelector('canvas').toDataURL();
"""
WATCH_STYLES = """
window.stylesTaken = 0;
const isStyle = ({ tagName }) => tagName === 'LINK';
const note = ({ removedNodes }) => { stylesTaken += [...removedNodes].filter(isStyle).length; };
new MutationObserver((records) => records.forEach(note))
  .observe(document.querySelector('.share-panel'), { childList: true });
"""
VALUE = "return document.querySelector(args[0]).value"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    site = RunningSite(tmp_path_factory.mktemp("site") / "data", "--no-demo")
    site.start()
    yield site
    site.kill()


class Walk:
    """One person's steps, each kept as a picture."""

    def __init__(self, window: Window, site: RunningSite, name: str) -> None:
        self.window = window
        self.site = site
        self.name = name

    def keep(self, what: str) -> None:
        self.window.screenshot(SCREENS / f"{self.name}-{what}.png")

    def sign_in(self) -> None:
        printed = self.site.manage("sign_in_link", f"{self.name}@example.com")
        assert printed.returncode == 0, printed.stderr
        self.window.open(printed.stdout.strip())

    def upload(self, file: Path) -> None:
        self.window.open(f"{self.site.address}/upload/")
        self.window.click("#consent")
        self.window.wait_for("document.querySelector('#consent').checked")
        self.window.type("#upload-form input[type=file]", str(file))
        self.window.wait_for("location.pathname.startsWith('/uploads/')", seconds=PATIENCE)
        self.window.wait_for("document.querySelector('#crop-canvas')?.hidden === false")
        self.keep("confirm")

    def make(self) -> None:
        self.window.click("#bring-to-life")
        self.window.wait_for("location.pathname.startsWith('/portraits/')", seconds=PATIENCE)
        self.window.wait_for(ALIVE, seconds=PATIENCE)
        self.keep("portrait")

    def share(self) -> tuple[str, str, str]:
        """The address, the script snippet and the frame snippet of a new link."""
        self.window.run(WATCH_STYLES)
        self.window.click(".new-share button[type=submit]")
        self.window.wait_for("document.querySelector('#new-link')?.value")
        assert self.window.run("return stylesTaken") == 0, "the panel stood there unstyled for a moment"
        self.keep("share")
        link, script, frame = (self.window.run(VALUE, field) for field in ("#new-link", "#new-snippet", "#new-frame"))
        return link, script, frame


def assert_it_looks_around(window: Window) -> None:
    window.wait_for(ALIVE, seconds=PATIENCE)
    pictures = {window.run(PICTURE, x, y) for x in (-1, 1) for y in (-1, 1)}
    assert len(pictures) == 4


def test_a_person_uploads_makes_shares_and_embeds(
    window: Window, engine: str, display: str, running: RunningSite, photo: bytes, site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "me.jpg"
    file.write_bytes(photo)
    window.resize(1440, 900)
    walk = Walk(window, running, engine)
    walk.sign_in()
    walk.upload(file)
    walk.make()
    assert_it_looks_around(window)
    link, script, frame = walk.share()

    with launched(engine, display, tmp_path / "stranger") as stranger:
        stranger.resize(1440, 900)
        stranger.open(link)
        assert_it_looks_around(stranger)
        stranger.screenshot(SCREENS / f"{engine}-shared.png")
        elsewhere = site.url.replace("127.0.0.1", "localhost")
        site.write("script.html", f"<!doctype html><meta charset=utf-8><title>t</title>{script}")
        stranger.open(f"{elsewhere}/script.html")
        assert_it_looks_around(stranger)
        site.write("frame.html", f"<!doctype html><meta charset=utf-8><title>t</title>{frame}")
        stranger.open(f"{elsewhere}/frame.html")
        with stranger.inside("iframe"):
            assert_it_looks_around(stranger)
        stranger.screenshot(SCREENS / f"{engine}-embed.png")
