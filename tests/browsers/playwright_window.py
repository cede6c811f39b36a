"""Chromium with the moves that the other browsers' windows have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page

from tests.browsers.window import BrowserError, Window


class PlaywrightWindow(Window):
    """A page of Playwright's as a window."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, url: str) -> None:
        self._page.goto(url)

    @property
    def url(self) -> str:
        return self._page.url

    def run(self, body: str, *args: Any) -> Any:
        try:
            return self._page.evaluate(f"async (args) => {{ {body} }}", list(args))
        except Error as error:
            raise BrowserError(error.message) from error

    def click(self, selector: str) -> None:
        self._page.click(selector)

    def type(self, selector: str, text: str) -> None:
        field = self._page.locator(selector)
        if field.get_attribute("type") == "file":
            field.set_input_files(text)
        else:
            field.press_sequentially(text)

    def point(self, x: float, y: float) -> None:
        self._page.mouse.move(x, y)

    def resize(self, width: int, height: int) -> None:
        self._page.set_viewport_size({"width": width, "height": height})

    def screenshot(self, file: Path) -> None:
        self._page.screenshot(path=file)
