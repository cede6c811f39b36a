"""A real Chromium, a small web server, and eyes that read which frame an element shows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.gaze import drawn
from tests.gaze.drawn import Seen

GAZE = Path(__file__).parents[2] / "static" / "gaze"
CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"

WATCH = """
window.told = [];
for (const type of ['gaze-ready', 'gaze-level', 'gaze-error']) {
  addEventListener(type, ({ detail }) => told.push({ type, ...detail }));
}
window.count = { frames: 0, pending: new Set(), draws: 0, textures: 0, contexts: [] };
const { prototype } = WebGL2RenderingContext;
const counted = (owner, name, note) => {
  const method = owner[name];
  owner[name] = function (...values) {
    const result = method.apply(this, values);
    note(result, ...values);
    return result;
  };
};
counted(prototype, 'drawArrays', () => { count.draws += 1; });
counted(prototype, 'createTexture', () => { count.textures += 1; });
counted(prototype, 'deleteTexture', (_, texture) => { count.textures -= texture ? 1 : 0; });
const { requestAnimationFrame: ask, cancelAnimationFrame: cancel } = window;
window.requestAnimationFrame = (callback) => {
  const handle = ask.call(window, (now) => { count.pending.delete(handle); callback(now); });
  count.frames += 1;
  count.pending.add(handle);
  return handle;
};
window.cancelAnimationFrame = (handle) => { count.pending.delete(handle); cancel.call(window, handle); };
counted(HTMLCanvasElement.prototype, 'getContext', (context, type) => {
  if (type === 'webgl2' && context && !count.contexts.includes(context)) count.contexts.push(context);
});
"""
"""Record that every page of a test keeps about itself: events, frames asked for, draws, textures alive, contexts."""

SETTLE = """async () => {
  const latest = performance.now() + 60000;
  // Two frames, in which observers learn what has been scrolled or resized.
  for (let i = 0; i < 2; i += 1) await new Promise(requestAnimationFrame);
  // Twice in a row: an observer may only just be about to wake an element.
  for (let quiet = 0; quiet < 2; quiet = count.pending.size ? 0 : quiet + 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (performance.now() > latest) throw new Error('the page never comes to rest');
  }
}"""

LOOK = """async (element, [x, y]) => {
  if (x !== undefined) element.lookAt(x, y);
  for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
}"""

PIXEL = """(element, [across, down]) => {
  const canvas = element.shadowRoot.querySelector('canvas');
  const x = Math.floor(canvas.width * across);
  const y = Math.floor(canvas.height * down);
  return [...canvas.getContext('2d').getImageData(x, y, 1, 1).data];
}"""


class Handler(SimpleHTTPRequestHandler):
    """The element's own files below /gaze/, a test's below its own folder."""

    protocol_version = "HTTP/1.1"
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".webp": "image/webp", ".js": "text/javascript"}  # noqa: RUF012

    def translate_path(self, path: str) -> str:
        plain = path.split("?")[0]
        return str(GAZE / plain[6:]) if plain.startswith("/gaze/") else super().translate_path(path)

    def send_header(self, keyword: str, value: str) -> None:
        # Its seconds are too coarse for tests: a file written again at once would count as unchanged.
        if keyword != "Last-Modified":
            super().send_header(keyword, value)

    def end_headers(self) -> None:
        # Any origin may use the files here. A test may change them while the browser has them.
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "max-age=3600" if self.path.startswith("/gaze/") else "no-cache")
        if "strict" in self.path:
            self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up on an aborted download is no event."""


@dataclass
class Site:
    """A folder and its address."""

    folder: Path
    url: str

    def write(self, name: str, content: bytes | str) -> None:
        data = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(data)

    def page(self, body: str, *, name: str = "index.html", script: str = 'type="module" src="/gaze/define.js"') -> str:
        """Writes a page with the element's script; returns its address."""
        html = f'<!doctype html><meta charset="utf-8"><title>t</title><script {script}></script>{body}'
        self.write(name, html)
        return f"{self.url}/{name}"


@dataclass
class Stage:
    """A page with one or more elements on it, and what came to pass on it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    """Names of the files that the page asked for."""

    def __post_init__(self) -> None:
        self.page.on("pageerror", self.on_error)
        self.page.on("console", self.on_console)
        self.page.on("request", self.on_request)

    def on_error(self, error: Exception) -> None:
        self.errors.append(str(error))

    def on_console(self, message: ConsoleMessage) -> None:
        self.console.append(message.text)

    def on_request(self, request: Request) -> None:
        self.requested.append(request.url.split("?")[0].rpartition("/")[2])

    def open(self, url: str) -> None:
        self.page.goto(url)

    def wait_for(self, condition: str, arg: Any = None) -> None:
        self.page.wait_for_function(condition, arg=arg, timeout=60_000)

    def wait_for_level(self, name: str) -> None:
        self.wait_for("(name) => told.some((each) => each.type === 'gaze-level' && each.name === name)", name)

    def wait_for_error(self, code: str) -> None:
        self.wait_for("(code) => told.some((each) => each.type === 'gaze-error' && each.code === code)", code)

    def told(self, kind: str) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.page.evaluate("told")
        return [each for each in told if each["type"] == kind]

    def count(self, what: str) -> int:
        number: int = self.page.evaluate("(what) => count[what]", what)
        return number

    def seen(self, across: float = 0.5, down: float = 0.5, *, nth: int = 0) -> Seen:
        """The pixel at a place of the element, in shares of its size."""
        return Seen(*self.page.locator("gaze-tracker").nth(nth).evaluate(PIXEL, [across, down]))

    def look(self, x: float, y: float, *, nth: int = 0) -> Seen:
        """Tells the element to look somewhere (−1 … 1) and reads what it then shows; wants smoothing="1"."""
        self.page.locator("gaze-tracker").nth(nth).evaluate(LOOK, [x, y])
        return self.seen(nth=nth)

    def point(self, x: float, y: float) -> Seen:
        """Moves the mouse and reads what the element then shows; wants smoothing="1"."""
        self.page.mouse.move(x, y)
        self.page.locator("gaze-tracker").first.evaluate(LOOK, [])
        return self.seen()

    def settle(self) -> None:
        """Waits until the page asks for no more frames."""
        self.page.evaluate(SETTLE)

    def leave(self) -> None:
        """The end of the test: no page may have thrown an error."""
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.goto("about:blank")
        self.page.remove_listener("pageerror", self.on_error)
        self.page.remove_listener("console", self.on_console)
        self.page.remove_listener("request", self.on_request)
        assert not self.errors, f"the page met {self.errors}"


class Staged(Protocol):
    def __call__(self, **options: Any) -> Stage: ...


Js = Callable[..., Any]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The server's root folder and its port on 127.0.0.1."""
    root = tmp_path_factory.mktemp("site")
    (root / "blank.html").write_text("<!doctype html><title>blank</title><body>")
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield root, server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def site(served: tuple[Path, int], request: pytest.FixtureRequest) -> Site:
    root, port = served
    folder = root / f"{len(list(root.iterdir()))}"
    folder.mkdir()
    return Site(folder, f"http://127.0.0.1:{port}/{folder.name}")


def watched(browser: Browser, **options: Any) -> BrowserContext:
    context = browser.new_context(**{"viewport": {"width": 800, "height": 600}, **options})
    context.add_init_script(WATCH)
    return context


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[Page]:
    """The page of all tests that want nothing special: a new one for each would take most of the time."""
    context = watched(browser)
    yield context.new_page()
    context.close()


@pytest.fixture
def stage(tab: Page) -> Iterator[Stage]:
    """A page of 800×600 pixels, not for init scripts, emulation and clocks: these would stay on it."""
    made = Stage(tab)
    yield made
    made.leave()


@pytest.fixture
def staged(browser: Browser) -> Iterator[Staged]:
    """Makes pages with the options of a browser context."""
    stages: list[Stage] = []

    def make(**options: Any) -> Stage:
        stages.append(Stage(watched(browser, **options).new_page()))
        return stages[-1]

    yield make
    for made in stages:
        made.leave()
        made.page.context.close()


@pytest.fixture(scope="session")
def js(browser: Browser, served: tuple[Path, int]) -> Iterator[Js]:
    """Calls a function with one of the element's modules and an argument: js("grid.js", "(m, n) => …", 5)."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{served[1]}/blank.html")

    def call(module: str, function: str, arg: Any = None) -> Any:
        body = f"async ([module, arg]) => ({function})(await import(`/gaze/${{module}}`), arg)"
        return page.evaluate(body, [module, arg])

    yield call
    context.close()


def tracker(attributes: str = "", inside: str = "") -> str:
    return f'<gaze-tracker src="manifest.json" smoothing="1" width="80" {attributes}>{inside}</gaze-tracker>'


@pytest.fixture
def portrait(site: Site) -> Site:
    """A folder with a portrait of 20×20 frames."""
    drawn.write_portrait(site.folder, "mobile")
    return site


def live(stage: Stage, site: Site, attributes: str = "", inside: str = "") -> None:
    stage.open(site.page(tracker(attributes, inside)))
    stage.wait_for_level("mobile")


def box(page: Page) -> tuple[float, float]:
    found = page.locator("gaze-tracker").bounding_box()
    assert found
    return found["width"], found["height"]
