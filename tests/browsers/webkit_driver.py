"""WebKitGTK's MiniBrowser driven by WebKitWebDriver: WebDriver over HTTP."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.browsers.window import BrowserError
from tests.gpuworker.processes import patiently

START_SECONDS = 60.0
ANSWER_SECONDS = 330.0

ROUTES = {
    "Navigate": ("POST", "/url"),
    "GetCurrentURL": ("GET", "/url"),
    "ExecuteAsyncScript": ("POST", "/execute/async"),
    "FindElement": ("POST", "/element"),
    "ElementClick": ("POST", "/element/{id}/click"),
    "ElementSendKeys": ("POST", "/element/{id}/value"),
    "PerformActions": ("POST", "/actions"),
    "SetTimeouts": ("POST", "/timeouts"),
    "SetWindowRect": ("POST", "/window/rect"),
    "SwitchToFrame": ("POST", "/frame"),
    "SwitchToParentFrame": ("POST", "/frame/parent"),
    "TakeScreenshot": ("GET", "/screenshot"),
}
"""WebDriver's commands by the names that Marionette gives them."""


class WebKitDriver:
    """One session."""

    def __init__(self, http: httpx.Client, browser: str) -> None:
        self._http = http
        options = {"binary": browser, "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = f"/session/{self._request('POST', '/session', wanted)['sessionId']}"

    def send(self, command: str, **parameters: Any) -> Any:
        """Raises BrowserError."""
        method, path = ROUTES[command]
        body = parameters if method == "POST" else None
        return self._request(method, self._session + path.format(**parameters), body)

    def close(self) -> None:
        self._request("DELETE", self._session, None)

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        answer = self._http.request(method, path, json=body)
        value = answer.json()["value"]
        if answer.is_error:
            raise BrowserError(f"{path}: {value['error']}: {value['message']}")
        return value


@contextmanager
def running_webkit(driver: str, browser: str, display: str, port: int) -> Iterator[WebKitDriver]:
    """A fresh MiniBrowser; it keeps nothing between two sessions."""
    # A container may lack bubblewrap's namespaces for the sandbox. The browser opens only what the tests serve.
    ours = {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    command = [driver, f"--port={port}", "--host=127.0.0.1"]
    process = subprocess.Popen(command, env={**os.environ, **ours}, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_SECONDS) as http:
            if not patiently(lambda: _answers(http), START_SECONDS):
                raise BrowserError(f"WebKitWebDriver did not start within {START_SECONDS:.0f} s.")
            session = WebKitDriver(http, browser)
            yield session
            session.close()
    finally:
        process.kill()
        process.wait()


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/status").is_success
    except httpx.TransportError:
        return False
