"""The site as `make run` starts it, in a process tree of its own, and a person's way in."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.gpuworker.processes import alive, eventually, patiently

REPO = Path(__file__).parents[2]
START_SECONDS = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(address: str) -> bool:
    """Whether the site is up. httpx would read every certificate of the system for each question."""
    with closing(http.client.HTTPConnection(address.removeprefix("http://"), timeout=1)) as connection:
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


class RunningSite:
    """`manage.py serve` on a free port with its data in `data`; start it again as often as it was killed."""

    program: tuple[str, ...] = ("manage.py",)
    """Or something that understands the same words."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.log = data.parent / f"{data.name}.log"

    @property
    def started(self) -> bool:
        return self._process is not None

    @property
    def environment(self) -> dict[str, str]:
        ours = {"GAZE_DATA": str(self.data), "PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        return {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")} | ours

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> str:
        """Wait until it answers; returns what it printed."""
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            command = [sys.executable, *self.program, "serve", *self._options]
            self._process = subprocess.Popen(
                command, cwd=REPO, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        ready = patiently(lambda: answers(self.address) or self._ended(), START_SECONDS, pause=0.1)
        printed = self.log.read_bytes()[before:].decode()
        assert ready and not self._ended(), printed  # noqa: PT018  either way, what it printed says why
        return printed

    def sign_in_link(self) -> str:
        """The last one that was printed."""
        return re.findall(r"http://\S+/sign-in/\S+", self.log.read_text())[-1]

    def family(self) -> list[int]:
        """Every living process of its tree."""
        return [self.pid, *_below(self.pid)]

    def kill(self) -> None:
        """kill -9 of everything at once."""
        family = self.family()
        for pid in family:
            with_signal(pid, signal.SIGKILL)
        self._wait()
        assert eventually(lambda: not any(map(alive, family)))

    def stop(self) -> int:
        """As Ctrl-C does; returns the exit code."""
        with_signal(self.pid, signal.SIGINT)
        return self._wait()

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Another process of the same site's data."""
        line = [sys.executable, "manage.py", *command]
        return subprocess.run(line, cwd=REPO, env=self.environment, capture_output=True, text=True, timeout=60)

    def _wait(self) -> int:
        assert self._process is not None
        return self._process.wait(timeout=30)

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


class SmallSite(RunningSite):
    """The same with small frames. What a whole face of the standard size takes is seen in tests/production."""

    program = ("tests/site/small_frames.py",)


def with_signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _below(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, level = [], [pid]
    while level:
        level = [child for each in level for child in parents.get(each, [])]
        found.extend(level)
    return found


class Person:
    """Somebody who uses the site over HTTP, with a cookie jar and the forms' tokens."""

    def __init__(self, site: RunningSite) -> None:
        self.http = httpx.Client(base_url=site.address, follow_redirects=True, timeout=30)
        self.http.headers["Origin"] = site.address

    def sign_in(self, link: str) -> None:
        assert self.http.get(link).status_code == 200

    def token(self, page: str) -> str:
        """The CSRF token of a page's first form."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.http.get(page).text)
        assert found is not None, f"{page} has no form"
        return found[1]

    def post(self, address: str, page: str, data: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        return self.http.post(address, data={"csrfmiddlewaretoken": self.token(page), **(data or {})}, **options)

    def upload(self, photo: bytes) -> str:
        """Drop a photo, accept what is suggested; returns the portrait's id."""
        files = {"photo": ("photo.jpg", photo, "image/jpeg")}
        answer = self.post(
            "/upload/", "/upload/", {"consent": "on"}, files=files, headers={"Accept": "application/json"}
        )
        assert answer.status_code == 201, answer.text
        address = answer.json()["address"]
        page = self.http.get(address).text
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        made = self.post(address, address, {**fields, "face": "0"})
        assert made.status_code == 200, made.text
        return str(answer.json()["upload"])

    def session_of(self, portrait: str) -> str:
        """The id of the run that the portrait's page shows."""
        found = re.search(r"/sessions/([0-9a-f-]{36})/", self.http.get(f"/portraits/{portrait}/").text)
        assert found is not None
        return found[1]

    def progress(self, session: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"/sessions/{session}/progress.json").json()
        return answer

    def until_sheets(self, session: str, seconds: float = 600) -> None:
        """Wait until its sheets are there."""
        assert patiently(lambda: self.progress(session)["has_sheets"], seconds), self.progress(session)

    def until(self, session: str, state: str, seconds: float = 240, pause: float = 0.2) -> dict[str, Any]:
        """First progress with that state; `alive` is the preview's. pause: seconds between two questions."""

        def reached() -> dict[str, Any] | None:
            now = self.progress(session)
            return now if now["state"] == state or (state == "alive" and now["alive"]) else None

        found: dict[str, Any] | None = patiently(reached, seconds, pause=pause)
        assert found, f"never {state}: {self.progress(session)}"
        return found
