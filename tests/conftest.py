"""Which tests can run here, and the one Chromium of all browser tests: Playwright allows a single one."""

from __future__ import annotations

import importlib.util
import io
import logging
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests import chromium
from tests.gpuworker import portraits

TESTS = Path(__file__).parent

TORCH_HAS_A_WHEEL = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 12)
"""Whether PyPI has a wheel for this machine, as the marker in pyproject.toml says."""
TORCH_IS_HERE = importlib.util.find_spec("torch") is not None
LIVEPORTRAIT = {TESTS / "gpuworker" / "liveportrait", TESTS / "production" / "test_liveportrait.py"}
"""All of them are slow tests, and all import torch."""
NO_TORCH = (
    "The tests of the liveportrait engine are left out: the check extra installs torch "
    "for Python 3.11 on Linux x86_64 only, and this is another one without it."
)

CI = os.environ.get("CI", "").lower() in ("1", "true")

LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = []


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path not in LIVEPORTRAIT:
        return None
    if config.option.markexpr == "not slow":  # none of them would be selected, and importing torch takes seconds
        return True
    if TORCH_IS_HERE:
        return None
    if NO_TORCH not in config.stash[LEFT_OUT]:
        config.stash[LEFT_OUT].append(NO_TORCH)
    return True


@pytest.hookimpl(trylast=True)  # once -m and -k have chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests come last: from the first one on, Playwright's loop runs, and no other can in this thread."""
    if TORCH_HAS_A_WHEEL and NO_TORCH in config.stash[LEFT_OUT]:
        raise pytest.UsageError("torch is missing: `make check`, or pip install --editable '.[check]', installs it.")
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))
    if not portraits.FOLDER.is_dir():
        leave_out_portraits(config, items)


def leave_out_portraits(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The tests on them are deselected with one line; in CI they must be there."""
    needing = [item for item in items if "portraits_dir" in getattr(item, "fixturenames", ())]
    if not needing:
        return
    why = f"the portraits they look at are not in {portraits.FOLDER} (PORTRAITS=folder names another place)."
    if CI:
        raise pytest.UsageError(f"{len(needing)} tests cannot run: {why}")
    items[:] = [item for item in items if item not in needing]
    config.hook.pytest_deselected(items=needing)
    config.stash[LEFT_OUT].append(f"{len(needing)} tests are left out: {why}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[LEFT_OUT]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium.find()
    expect.set_options(timeout=60_000)  # other work may starve a page for seconds
    with sync_playwright() as playwright:
        running = found.launch(playwright)
        yield running
        running.close()


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Log lines that the site's own handler writes."""
    stream = io.StringIO()
    (handler,) = (each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler and each.filters)
    monkeypatch.setattr(handler, "stream", stream)
    return stream
