"""Starts a browser by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browsers import installed
from tests.browsers.marionette import running_firefox
from tests.browsers.webkit_driver import running_webkit
from tests.browsers.window import BrowserError, DrivenWindow
from tests.site.running import free_port


@contextmanager
def launched(name: str, display: str, folder: Path) -> Iterator[DrivenWindow]:
    """A window of a fresh browser, which remembers nothing of others; `folder` must not exist. Raises BrowserError."""
    lacking = installed.missing(name)
    if lacking:
        raise BrowserError(f"{name} needs {lacking}: apt-get install {installed.PACKAGES}")
    if name == installed.FIREFOX:
        with running_firefox(installed.firefox() or "", display, folder) as firefox:
            yield DrivenWindow(firefox)
    else:
        driver, browser = installed.webkit_driver() or "", installed.mini_browser() or ""
        with running_webkit(driver, browser, display, free_port()) as webkit:
            yield DrivenWindow(webkit)
