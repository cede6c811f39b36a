"""Firefox driven over Marionette, its own protocol: WebDriver's commands on a plain socket."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browsers.window import BrowserError
from tests.gpuworker.processes import patiently

START_SECONDS = 60.0
ANSWER_SECONDS = 330.0
PREFERENCES = {
    "marionette.port": 0,
    "webgl.force-enabled": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "app.update.disabledForTesting": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


class Marionette:
    """One connection. A message is its length, a colon and JSON.

    The JSON is [0, id, name, parameters] on the way there and [1, id, error, result] on the way back.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self._stream = self._socket.makefile("rb")
        self._sent = 0
        self._read()  # it greets first

    def send(self, command: str, **parameters: Any) -> Any:
        """Raises BrowserError."""
        name = command if ":" in command else f"WebDriver:{command}"
        self._sent += 1
        message = json.dumps([0, self._sent, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            raise BrowserError(f"{command}: {error['error']}: {error['message']}")
        return result["value"] if isinstance(result, dict) and list(result) == ["value"] else result

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _read(self) -> Any:
        length = b""
        while (byte := self._stream.read(1)) != b":":
            if not byte:
                raise BrowserError("Firefox has closed the connection.")
            length += byte
        return json.loads(self._stream.read(int(length)))


@contextmanager
def running_firefox(program: str, display: str, profile: Path) -> Iterator[Marionette]:
    """A fresh Firefox with a profile of its own, as a private window would be."""
    profile.mkdir(parents=True)
    lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    environment = {**os.environ, "DISPLAY": display, "HOME": str(profile), "LIBGL_ALWAYS_SOFTWARE": "1"}
    command = [program, "--marionette", "--no-remote", "--profile", str(profile)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=environment, **silent)
    try:
        marionette = Marionette(_port(profile))
        marionette.send("NewSession", capabilities={})
        yield marionette
        marionette.send("Marionette:Quit", flags=["eForceQuit"])
        marionette.close()
        process.wait(30)
    finally:
        process.kill()
        process.wait()


def _port(profile: Path) -> int:
    """Firefox chooses a free one and writes it into its profile."""
    file = profile / "MarionetteActivePort"
    told = patiently(lambda: file.exists() and file.read_text(), START_SECONDS)
    if not told:
        raise BrowserError(f"Firefox did not start within {START_SECONDS:.0f} s.")
    return int(told)
