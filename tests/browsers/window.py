"""A browser's window with the moves that the tests make, whatever protocol drives it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.gpuworker.processes import patiently

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""WebDriver's own key for a reference to an element."""

SCRIPT_MILLISECONDS = 300_000
PATIENCE = 120.0
"""Seconds; speed is not what these tests test."""

ASYNC = """
const done = arguments[arguments.length - 1];
(async (...args) => {{ {body} }})(...[...arguments].slice(0, -1))
  .then((value) => done({{ value }}), (error) => done({{ error: `${{error}} ${{error.stack}}` }}));
"""


class BrowserError(Exception):
    """Answer of a browser that did not do what it was told."""


class Commands(Protocol):
    """A connection to a browser that takes WebDriver's commands."""

    def send(self, command: str, **parameters: Any) -> Any: ...


class Window:
    """One window of a browser."""

    def run(self, body: str, *args: Any) -> Any:
        """Result of the body of an async function in the page; it finds its arguments in `args`.

        Raises BrowserError.
        """
        raise NotImplementedError

    def wait_for(self, expression: str, *args: Any, seconds: float = PATIENCE) -> Any:
        """Waits until an expression of the page is true; returns its value."""
        value = patiently(lambda: self._truth(expression, *args), seconds)
        assert value, f"never true within {seconds:.0f} s: {expression}; the page says: {self._words()}"
        return value

    def _words(self) -> str:
        """All that can be read on the page, or why it does not answer."""
        try:
            return f"{self.run('return `${location.pathname}: ${document.body.innerText}`')}"
        except BrowserError as error:
            return str(error)

    def _truth(self, expression: str, *args: Any) -> Any:
        try:
            return self.run(f"return {expression}", *args)
        except BrowserError:
            return None  # a page that is being left runs no scripts


class DrivenWindow(Window):
    """A window of Firefox or WebKit."""

    def __init__(self, browser: Commands) -> None:
        self._browser = browser
        browser.send("SetTimeouts", script=SCRIPT_MILLISECONDS, pageLoad=SCRIPT_MILLISECONDS)

    def open(self, url: str) -> None:
        self._browser.send("Navigate", url=url)

    @property
    def url(self) -> str:
        return str(self._browser.send("GetCurrentURL"))

    def run(self, body: str, *args: Any) -> Any:
        told = self._browser.send("ExecuteAsyncScript", script=ASYNC.format(body=body), args=list(args))
        if told is None:
            raise BrowserError("The page was left before its script was done.")
        if "error" in told:
            raise BrowserError(told["error"])
        return told.get("value")

    def click(self, selector: str) -> None:
        self._browser.send("ElementClick", id=self._find(selector))

    def type(self, selector: str, text: str) -> None:
        """Types into a field; into a file field, the path of a file."""
        self._browser.send("ElementSendKeys", id=self._find(selector), text=text)

    def point(self, x: float, y: float) -> None:
        """Moves the mouse to a place of the window, CSS pixels."""
        move = {"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0, "origin": "viewport"}
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]}
        self._browser.send("PerformActions", actions=[mouse])

    def resize(self, width: int, height: int) -> None:
        """Makes the page, not the window around it, this large; CSS pixels."""
        inside = (width, height)
        for _ in range(2):
            frame = self.run("return [outerWidth - innerWidth, outerHeight - innerHeight]")
            self._browser.send("SetWindowRect", width=width + frame[0], height=height + frame[1])
            patiently(lambda: tuple(self.run("return [innerWidth, innerHeight]")) == inside, 2.0)

    def screenshot(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self._browser.send("TakeScreenshot", full=False)))

    @contextmanager
    def inside(self, selector: str) -> Iterator[None]:
        """Scripts in the block run in a frame of the page, whatever its origin."""
        self._browser.send("SwitchToFrame", id={ELEMENT: self._find(selector)})
        yield
        self._browser.send("SwitchToParentFrame")

    def _find(self, selector: str) -> str:
        return str(self._browser.send("FindElement", using="css selector", value=selector)[ELEMENT])
