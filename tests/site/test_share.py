"""A shared portrait in a real browser: on other people's pages, and what it gives away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Frame, Page, Request, expect

from tests.gaze import drawn
from tests.gaze.conftest import PIXEL
from tests.gaze.drawn import Seen
from tests.site.drawn_portrait import PRINT_SHARED
from tests.site.running import RunningSite

ALIVE = "gaze-tracker:state(live)"
PATIENCE = 60_000
"""Milliseconds."""


class Foreign(BaseHTTPRequestHandler):
    """Another site's page, under the strictest policy that lets the portrait in, and isolated besides."""

    pages: dict[str, str] = {}  # noqa: RUF012
    guest = ""
    """The origin that the policy names."""

    def do_GET(self) -> None:
        body = self.pages.get(self.path, "").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        sources = " ".join(f"{kind}-src {self.guest};" for kind in ("script", "connect", "img", "frame"))
        self.send_header("Content-Security-Policy", f"default-src 'none'; {sources}")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    site = RunningSite(tmp_path_factory.mktemp("site") / "data", "--no-demo")
    site.start()
    yield site
    site.kill()


@pytest.fixture(scope="module")
def shared(site: RunningSite) -> dict[str, str]:
    """page, script, frame: the address and the snippets of one link."""
    made = site.manage("shell", "-c", PRINT_SHARED)
    assert made.returncode == 0, made.stderr
    found: dict[str, str] = json.loads(made.stdout.splitlines()[-1])
    return found


@pytest.fixture
def foreign(site: RunningSite, shared: dict[str, str]) -> Iterator[str]:
    """The address of another origin, which has the snippets on /script and /frame."""
    start = '<!doctype html><meta charset="utf-8"><title>Elsewhere</title>'
    Foreign.pages = {f"/{name}": start + shared[name] for name in ("script", "frame")}
    Foreign.guest = site.address
    server = ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Visit:
    """A page, what it complained about and what it sent."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":  # what a policy blocks is one
            self.complaints.append(message.text)

    def _on_request(self, request: Request) -> None:
        self.requests.append(request)

    def referers(self) -> set[str]:
        return {request.all_headers().get("referer", "") for request in self.requests}


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 800, "height": 600})
    yield Visit(context.new_page())
    context.close()


def look(frame: Frame | Page, x: float, y: float) -> tuple[int, int]:
    """The cell that the portrait shows when it looks there."""
    tracker = frame.locator("gaze-tracker")
    tracker.evaluate("(element) => element.setAttribute('smoothing', '1')")
    tracker.evaluate(
        """async (element, [x, y]) => {
          element.lookAt(x, y);
          for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
        }""",
        [x, y],
    )
    return Seen(*tracker.evaluate(PIXEL, [0.5, 0.5])).cell


def test_case_81_the_script_snippet_lives_on_a_strict_foreign_page(visit: Visit, foreign: str) -> None:
    visit.page.goto(f"{foreign}/script")
    expect(visit.page.locator(ALIVE)).to_have_count(1, timeout=PATIENCE)
    assert [look(visit.page, x, y) for x, y in ((-1, -1), (1, -1), (1, 1))] == [(0, 0), (0, 5), (5, 5)]
    # Such a page refuses the style that would keep room while the script loads; the attributes give the size.
    assert [complaint for complaint in visit.complaints if "inline style" not in complaint] == []
    box = visit.page.locator("gaze-tracker").bounding_box()
    assert box
    assert (box["width"], box["height"]) == drawn.FRAME


def test_case_81_the_frame_snippet_lives_on_a_strict_foreign_page(visit: Visit, foreign: str) -> None:
    visit.page.goto(f"{foreign}/frame")
    frame = visit.page.frame_locator("iframe")
    expect(frame.locator(ALIVE)).to_have_count(1, timeout=PATIENCE)
    inner = visit.page.frames[1]
    assert [look(inner, x, y) for x, y in ((-1, -1), (1, 1))] == [(0, 0), (5, 5)]
    assert visit.complaints == []
    assert visit.page.context.cookies() == []


def test_a_password_opens_the_face_for_this_browser_alone(visit: Visit, shared: dict[str, str]) -> None:
    page = visit.page
    page.goto(shared["locked"])
    for password in ("open salad", "open sesame"):
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Show the portrait").click()
    expect(page.locator(ALIVE)).to_have_count(1, timeout=PATIENCE)
    assert page.url == shared["locked"]
    token = shared["locked"].split("/")[-2]
    assert [each["path"] for each in page.context.cookies() if each["name"] == "link"] == [f"/s/{token}/"]
    assert not any(token in referer for referer in visit.referers())


def test_case_27_the_token_leaves_in_no_referer(visit: Visit, shared: dict[str, str], site: RunningSite) -> None:
    token = shared["page"].split("/")[-2]
    page = visit.page
    page.goto(shared["page"])
    expect(page.locator(ALIVE)).to_have_count(1, timeout=PATIENCE)
    page.get_by_role("link", name="Report").click()
    page.get_by_label("It is hateful").check()
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.get_by_role("link", name="Back to the portrait").click()
    page.get_by_role("link", name="Made with gaze").click()
    page.wait_for_url(f"{site.address}/")
    assert page.evaluate("document.referrer") == ""
    page.goto(f"{shared['page']}embed/")
    assert len(visit.requests) > 20
    assert not any(token in referer for referer in visit.referers())
    assert token not in site.log.read_text()


def test_the_page_fills_the_screen_and_comes_back(visit: Visit, shared: dict[str, str]) -> None:
    page = visit.page
    page.goto(shared["page"])
    expect(page.locator(ALIVE)).to_have_count(1, timeout=PATIENCE)
    page.get_by_role("button", name="Fill the screen").click()
    expect(page.get_by_role("button", name="Leave the whole screen")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("link", name="Report")).not_to_be_visible()
    page.get_by_role("button", name="Leave the whole screen").click()
    expect(page.get_by_role("link", name="Report")).to_be_visible()


@pytest.mark.parametrize("viewport", [(1440, 900), (390, 844), (844, 390), (320, 568)])
def test_the_portrait_is_whole_and_in_the_middle(
    browser: Browser, shared: dict[str, str], viewport: tuple[int, int]
) -> None:
    width, height = viewport
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(shared["page"])
    expect(page.locator(ALIVE)).to_have_count(1, timeout=PATIENCE)
    box = page.locator("gaze-tracker").bounding_box()
    overflow = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    context.close()
    assert box
    assert box["x"] + box["width"] / 2 == pytest.approx(width / 2, abs=1)
    assert box["y"] + box["height"] / 2 == pytest.approx(height / 2, abs=1)
    assert box["width"] / box["height"] == pytest.approx(0.8, abs=0.01)
    assert box["height"] >= min(height - 190, 125 * width / 100 - 50)
    assert overflow <= 0


def test_without_scripts_the_page_shows_the_picture(browser: Browser, shared: dict[str, str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shared["page"])
    expect(page.get_by_role("img", name="Portrait")).to_be_visible()
    context.close()
