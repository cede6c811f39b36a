"""The same tests in Chromium, Firefox and WebKit; where one of the latter two is missing it is left out aloud."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import left_out
from tests.browsers import installed
from tests.browsers.display import virtual_display
from tests.browsers.launch import launched
from tests.browsers.playwright_window import PlaywrightWindow
from tests.browsers.window import Window
from tests.gaze.conftest import served as served
from tests.gaze.conftest import site as site

CHROMIUM = "chromium"
HERE = [name for name in installed.NAMES if installed.required() or not installed.missing(name)]
LEFT_OUT = {name: installed.missing(name) for name in installed.NAMES if name not in HERE}
ENGINES = [CHROMIUM, *HERE]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        # Cases that are slow in themselves are walked through in Chromium by tests/site.
        others = metafunc.definition.get_closest_marker("slow")
        metafunc.parametrize("engine", ENGINES[1:] if others else ENGINES, scope="session")


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    for name, lacking in LEFT_OUT.items():
        line = f"The tests in {name} are left out: there is no {lacking} (apt-get install {installed.PACKAGES})."
        left_out.say(config, line)


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    with virtual_display() as name:
        yield name


@pytest.fixture(scope="session")
def window(
    engine: str, browser: Browser, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Window]:
    """A window of 800×600 pixels for all tests in one browser."""
    if engine == CHROMIUM:
        with browser.new_page(viewport={"width": 800, "height": 600}) as page:
            yield PlaywrightWindow(page)
        return
    folder = tmp_path_factory.mktemp(engine) / "profile"
    with launched(engine, request.getfixturevalue("display"), folder) as window:
        window.resize(800, 600)
        yield window
