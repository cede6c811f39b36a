"""The health check of the images, against real servers."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

PROBE = Path(__file__).parents[2] / "deploy" / "probe.py"
TOKEN = "of-the-worker-0123456789"


class Answers(BaseHTTPRequestHandler):
    """By path; /health as a worker does."""

    state = "ready"

    def do_GET(self) -> None:
        code, body = {"/livez": (200, "alive"), "/readyz": (503, "no")}.get(self.path, (404, ""))
        if self.path == "/health":
            borne = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            code, body = (200, json.dumps({"state": self.state})) if borne else (401, "{}")
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()
    Answers.state = "ready"


@pytest.fixture(scope="module")
def probe() -> Any:
    spec = importlib.util.spec_from_file_location("probe", PROBE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_200_is_well_and_everything_else_is_not(probe: Any, port: int) -> None:
    assert [probe.answers(port, path) for path in ("livez", "readyz", "nowhere")] == [True, False, False]


def test_a_port_on_which_nobody_listens_is_not_well(probe: Any) -> None:
    assert not probe.answers(1, "livez")


@pytest.mark.parametrize(
    ("state", "well"), [("ready", True), ("busy", True), ("loading", False), ("warming", False), ("", False)]
)
def test_a_worker_is_well_only_once_it_is_warm(probe: Any, port: int, state: str, well: bool) -> None:
    Answers.state = state
    assert probe.answers(port, "health", TOKEN) is well


def test_a_worker_that_wants_another_token_is_not_well(probe: Any, port: int) -> None:
    assert not probe.answers(port, "health", "another")


def test_the_token_may_lie_in_a_file(probe: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert probe.token({"WORKER_TOKEN_FILE": str(tmp_path / "token")}) == TOKEN
    assert probe.token({"WORKER_TOKEN": TOKEN}) == TOKEN
    assert probe.token({}) == ""


def test_as_a_command_its_exit_code_tells(port: int) -> None:
    codes = [
        subprocess.run([sys.executable, PROBE, path], env={"PORT": str(port)}, timeout=30).returncode
        for path in ("livez", "readyz")
    ]
    assert codes == [0, 1]
