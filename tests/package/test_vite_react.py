"""The package in a project of Vite and React 19: types, Strict Mode, properties and events."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import javascript
from tests.gaze.conftest import Stage
from tests.package.conftest import node

pytestmark = pytest.mark.slow

LIVE = "gaze-tracker:state(live)"
VITE = "vite/bin/vite.js"


@pytest.fixture(scope="module")
def project(install: Callable[[str], Path]) -> Path:
    return install("vite-react")


@pytest.fixture
def developed(project: Path) -> Iterator[str]:
    """Address of Vite's own server, which serves React's development build: Strict Mode runs every effect twice."""
    command = [javascript.NODE, str(project / "node_modules" / VITE), "--host", "127.0.0.1", "--port", "0"]
    plain = {**os.environ, "NO_COLOR": "1"}  # in CI, Vite colours the digits of the port
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True, env=plain) as server:
        assert server.stdout
        yield next(found[0] for line in server.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        server.terminate()


def check(visit: Stage, effects: int) -> None:
    expect(visit.page.locator(LIVE)).to_have_count(1)
    visit.wait_for("() => heard.includes('preview')")
    assert visit.page.evaluate("[effects, heard]") == [effects, ["gaze-ready", "preview"]]
    tracker = visit.page.locator("gaze-tracker")
    assert tracker.evaluate("({ noPoll, smoothing, width }) => [noPoll, smoothing, width]") == [True, "1", "80"]
    assert visit.requested.count("manifest.json") == 1
    tracker.evaluate("(element) => element.lookAt(-1, -1)")
    visit.settle()
    assert visit.seen().cell == (0, 0)


def test_it_is_alive_in_strict_mode_which_mounts_everything_twice(visit: Stage, developed: str) -> None:
    visit.open(developed)
    check(visit, effects=2)


def test_it_can_be_taken_away_and_brought_back(visit: Stage, developed: str) -> None:
    visit.open(developed)
    expect(visit.page.locator(LIVE)).to_have_count(1)
    visit.page.get_by_role("button", name="Hide").click()
    expect(visit.page.locator("gaze-tracker")).to_have_count(0)
    visit.page.get_by_role("button", name="Show").click()
    expect(visit.page.locator(LIVE)).to_have_count(1)


def test_it_is_alive_where_the_project_is_built(visit: Stage, project: Path, publish: Callable[[Path], str]) -> None:
    node(project, VITE, "build")
    visit.open(publish(project / "dist"))
    check(visit, effects=1)


def test_typescript_knows_the_tag_its_properties_and_its_events(project: Path) -> None:
    node(project, "typescript/bin/tsc")


@pytest.mark.parametrize(
    "wrong",
    ["<gaze-tracker smoothing={{}} />", "<gaze-tracker sourc='x' />", "<gaze-tracker ongaze-ready={1} />"],
)
def test_typescript_refuses_what_the_tag_does_not_take(project: Path, wrong: str) -> None:
    page = project / "src" / "wrong.tsx"
    page.write_text(f"import 'gaze-tracker-element/react';\nexport const wrong = {wrong};\n")
    with pytest.raises(AssertionError, match=r"wrong\.tsx"):
        node(project, "typescript/bin/tsc")
    page.unlink()
