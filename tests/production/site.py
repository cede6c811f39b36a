"""A whole site on real parts: pages in one process, jobs in others, as they run in production."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.gpuworker.processes import patiently
from tests.production.fast_worker import MOMENTS
from tests.site.running import REPO, START_SECONDS, Person, answers, free_port, with_signal

SECRET_KEY = "a-key-of-the-tests-that-no-other-site-has-0123456789"


class Running:
    """A process of the site that a test may stop, freeze and kill."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                command, cwd=REPO, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip

    def stop(self, seconds: float = 40) -> int:
        """As a deployment does; returns the exit code."""
        with_signal(self.process.pid, signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """It alone: what it started must end by itself."""
        self.process.kill()
        self.process.wait()


class ProductionSite:
    """parts: the settings that lead to the real parts; more: other settings."""

    def __init__(self, home: Path, parts: dict[str, str], **more: str) -> None:
        self.home = home
        self.folder = home / "fast-worker"
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.settings = {**parts, "PORT": str(self.port), "SECRET_KEY": SECRET_KEY, "GAZE_DATA": str(home / "data")}
        self.settings |= {"PYTHONUNBUFFERED": "1", "FAST_WORKER_FOLDER": str(self.folder), "WORK_GRACE": "1", **more}
        self._running: list[Running] = []
        self._people: list[Person] = []

    @property
    def environment(self) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}
        return inherited | self.settings

    # --- its processes

    def start_web(self) -> Running:
        """Wait until it answers."""
        web = self.run("serve", "--web-only")
        assert patiently(lambda: answers(self.address) or web.process.poll() is not None, START_SECONDS, pause=0.1)
        assert web.process.poll() is None, web.log.read_text()
        return web

    def start_fast_worker(self, **more: str) -> Running:
        return self._start([sys.executable, "-m", "tests.production.fast_worker"], "fast-worker", more)

    def run(self, *words: str) -> Running:
        return self._start([sys.executable, "manage.py", *words], words[0], {})

    def _start(self, command: list[str], name: str, more: dict[str, str]) -> Running:
        running = Running(command, self.environment | more, self.home / f"{name}.log")
        self._running.append(running)
        return running

    def manage(self, *words: str, seconds: float = 120) -> str:
        """What another command says; it must succeed."""
        line = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            line, cwd=REPO, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def close(self) -> None:
        for person in self._people:
            person.http.close()
        for running in self._running:
            if running.process.poll() is None:
                running.kill()

    # --- its people

    def person(self, email: str = "somebody@example.com") -> Person:
        """Signed in."""
        person = Person(self)  # type: ignore[arg-type]  # which asks for the address only
        self._people.append(person)
        person.sign_in(self.sign_in_link(email))
        return person

    def sign_in_link(self, email: str = "somebody@example.com") -> str:
        """Of somebody new; it works once."""
        made = self.manage("sign_in_link", email)
        return f"{self.address}{urlsplit(made.split()[-1]).path}"

    # --- its rows

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def render(self, session: str) -> dict[str, Any]:
        """State, attempt, charge and number of outputs of a session's first pass."""
        query = """SELECT r.id, r.state, r.attempt, c.state, r.error_code,
                          (SELECT count(*) FROM portraits_output o WHERE o.render_id = r.id)
                   FROM portraits_render r JOIN portraits_charge c ON c.render_id = r.id
                   WHERE r.session_id = %s AND r.kind = 'rig'"""
        names = ("id", "state", "attempt", "charge", "error", "outputs")
        return dict(zip(names, self.rows(query, session)[0], strict=True))

    def ended(self, session: str, state: str = "ready", seconds: float = 40) -> dict[str, Any]:
        """Its first pass, once it is in that state."""
        assert patiently(lambda: self.render(session)["state"] == state, seconds), self.render(session)
        return self.render(session)

    # --- holding a fast job process

    def hold(self, moment: str) -> None:
        """The next first attempt stops there until `release`."""
        assert moment in MOMENTS
        (self.folder / "at").unlink(missing_ok=True)
        (self.folder / "hold").write_text(moment)

    def held(self) -> int:
        """Wait until a job process is held; its id."""
        assert patiently(lambda: (self.folder / "at").exists() and (self.folder / "at").read_text())
        return int((self.folder / "at").read_text())

    def release(self) -> None:
        (self.folder / "hold").unlink(missing_ok=True)

    def poison(self, render_id: str) -> None:
        (self.folder / "poison").write_text(render_id)
