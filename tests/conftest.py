"""Which tests this Python can run, and the one Chromium of all browser tests: Playwright allows a single one."""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import chromium

TORCH_HAS_A_WHEEL = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 12)
"""As the marker in pyproject.toml says."""
TORCH_IS_HERE = importlib.util.find_spec("torch") is not None
LEFT_OUT = (
    "The tests of the liveportrait engine are left out: the test extra installs torch "
    "for Python 3.11 on Linux x86_64 only, and this is another one without it."
)

collect_ignore = (
    [] if TORCH_IS_HERE or TORCH_HAS_A_WHEEL else ["gpuworker/liveportrait", "production/test_liveportrait.py"]
)


def pytest_configure() -> None:
    if TORCH_HAS_A_WHEEL and not TORCH_IS_HERE:
        pytest.exit("torch is missing: `make test`, or pip install --editable '.[test]', installs it.", returncode=3)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(LEFT_OUT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: from the first one on, Playwright's loop runs, and no other can in this thread."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium.find()
    with sync_playwright() as playwright:
        running = found.launch(playwright)
        yield running
        running.close()
