"""Which tests can run here, and the one Chromium of all browser tests: Playwright allows a single one."""

from __future__ import annotations

import importlib.util
import io
import logging
import os
import platform
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests import chromium, javascript, left_out
from tests.gpuworker import portraits

TESTS = Path(__file__).parent

TORCH_HAS_A_WHEEL = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 12)
"""Whether PyPI has a wheel for this machine, as the marker in pyproject.toml says."""
TORCH_IS_HERE = importlib.util.find_spec("torch") is not None
LIVEPORTRAIT = {TESTS / "gpuworker" / "engines" / "liveportrait", TESTS / "production" / "test_liveportrait.py"}
"""All of them are slow tests, and all import torch."""
NO_TORCH = (
    "The tests of the liveportrait engine are left out: the check extra installs torch "
    "for Python 3.11 on Linux x86_64 only, and this is another one without it."
)

PARTS = {"redis_part", "postgres_part", "s3_part"}
"""Fixtures of tests/production: servers that run."""

IN_BROWSERS = [TESTS / "pages", TESTS / "browsers", TESTS / "site"]
"""The whole site and each of its pages; of what runs in a browser, `make test` keeps the element, tests/gaze."""

NO_PORTRAITS = f"the portraits they look at are not in {portraits.FOLDER} (PORTRAITS=folder names another place)."

CI = os.environ.get("CI", "").lower() in ("1", "true")

WORKERS_MOST = 4
"""Processes of tests at once: each may hold a Chromium and two rendering processes, about 1 GB together."""


def pytest_configure(config: pytest.Config) -> None:
    if TORCH_HAS_A_WHEEL and not TORCH_IS_HERE and asks_for_torch(config):
        raise pytest.UsageError("torch is missing: `make check`, or pip install --editable '.[check]', installs it.")
    if CI and not portraits.FOLDER.is_dir():
        raise pytest.UsageError(f"In CI no tests are left out, and {NO_PORTRAITS}")


def asks_for_torch(config: pytest.Config) -> bool:
    """Whether tests of the liveportrait engine are among those that the command line names."""
    named = [Path(each.partition("::")[0]).resolve() for each in config.args]
    ignored = config.option.ignore_glob or []
    places = [place for place in LIVEPORTRAIT if not any(fnmatch(str(place), glob) for glob in ignored)]
    within = [place for place in places for path in named if place in (path, *path.parents) or path in place.parents]
    return config.option.markexpr != "not slow" and bool(within)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: one a core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, WORKERS_MOST)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path not in LIVEPORTRAIT:
        return None
    if config.option.markexpr == "not slow":  # none of them would be selected, and importing torch takes seconds
        return True
    if TORCH_IS_HERE:
        return None
    left_out.say(config, NO_TORCH)
    return True


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests on the real parts, which the extra `check` brings, and on whole pages belong to `make check`."""
    if PARTS & set(getattr(item, "fixturenames", ())) or any(room in item.path.parents for room in IN_BROWSERS):
        item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)  # once -m and -k have chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests come last: from the first one on, Playwright's loop runs, and no other can in this thread."""
    in_browser = {item for item in items if "browser" in getattr(item, "fixturenames", ())}
    files = {item.path for item in in_browser}  # a process of tests runs a file as a whole
    # A whole site and a browser take longest: begun last, one process would end long after the other.
    items.sort(key=lambda item: (item.path in files, TESTS / "site" not in item.path.parents, item in in_browser))
    if not portraits.FOLDER.is_dir():
        leave_out_portraits(config, items)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """`make test` says how many proofs it has left to `make check`."""
    config = items[0].config
    if config.option.markexpr == "not slow" and all(item.get_closest_marker("slow") for item in items):
        left_out.say(config, f"{len(items)} slow tests are left out: `make check` runs them.")


def leave_out_portraits(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The tests on them are deselected with one line."""
    needing = [item for item in items if "portraits_dir" in getattr(item, "fixturenames", ())]
    if not needing:
        return
    items[:] = [item for item in items if item not in needing]
    config.hook.pytest_deselected(items=needing)
    left_out.say(config, f"{len(needing)} tests are left out: {NO_PORTRAITS}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of pytest-xdist tells its controller, which prints."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = left_out.lines(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every process has left out the same."""
    for line in getattr(node, "workeroutput", {}).get("left_out", []):
        left_out.say(node.config, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in left_out.lines(config):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium.find()
    expect.set_options(timeout=60_000)  # other work may starve a page for seconds
    with sync_playwright() as playwright:
        running = found.launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    """Folder of the npm packages; skips where `make lint` leaves their checks out, too."""
    repo = TESTS.parent
    missing = javascript.install(repo)
    if missing and not javascript.CI:
        pytest.skip(missing)
    assert missing == ""
    return repo / "node_modules"


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Log lines that the site's own handler writes."""
    stream = io.StringIO()
    (handler,) = (each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler and each.filters)
    monkeypatch.setattr(handler, "stream", stream)
    return stream
