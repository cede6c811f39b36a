"""The site on its two kinds of parts, each with a bare Django page beside it on the same database."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest

from gpuworker.clock import SYSTEM
from tests.gpuworker.processes import patiently
from tests.production.conftest import bucket_client, rented, site_on_parts
from tests.production.parts import BUCKET, postgres_server, redis_server, s3_server
from tests.production.site import Running
from tests.runpod.fake import FakeRunPod, Timing
from tests.runpod.machines import PaperMachines
from tests.runpod.served import ServedRunPod
from tests.site.running import START_SECONDS, Person, RunningSite, free_port

NEVER_READY = Timing(provisioning=0.2, starting=100_000, silent=0.5)


@dataclass
class SiteOfParts:
    """parts: their name in figures; publisher: see publisher.py; bare: a client of the bare page, signed in."""

    parts: str
    address: str
    publisher: Path
    bare: httpx.Client
    sign_in_link: Callable[[str], str]
    cpu: Callable[[], float] = lambda: 0.0
    """CPU seconds of all its processes so far, those of ended ones included; 0 where that is not read."""

    @contextmanager
    def person(self, email: str) -> Iterator[Person]:
        """Signed in."""
        person = Person(self)  # type: ignore[arg-type]  # which asks for the address only
        with person.http:
            person.sign_in(self.sign_in_link(email))
            yield person


@contextmanager
def embedded(sheets: Literal["always", "on-request"] = "always") -> Iterator[SiteOfParts]:
    """One process tree, SQLite and files."""
    with tempfile.TemporaryDirectory(prefix="gaze-bench-") as name, pytest.MonkeyPatch.context() as environment:
        home = Path(name)
        environment.setenv("SHEETS", sheets)
        site = RunningSite(home / "data", "--no-demo")
        site.program = ("-m", "tests.bench.publisher")
        site.start()
        try:
            with bare_site(home / "bare", site.environment) as bare:
                yield SiteOfParts(
                    "embedded", site.address, site.data / "publisher", bare,
                    lambda email: _address(site.manage("sign_in_link", email).stdout),
                    lambda: sum(map(_cpu_seconds, site.family())),
                )  # fmt: skip
        finally:
            site.kill()


@contextmanager
def production(gpu: Literal["none", "cold", "failing"] = "none") -> Iterator[SiteOfParts]:
    """PostgreSQL, Redis and S3; pages in one process, jobs in another's.

    gpu: a pod that the fake provider has rented out and that never gets ready, or a provider that has none.
    """
    with (
        tempfile.TemporaryDirectory(prefix="gaze-bench-") as name,
        redis_server() as (_, redis),
        postgres_server() as (_, postgres),
        s3_server() as (_, s3),
        _gpu(gpu) as rental,
    ):
        home = Path(name)
        with bucket_client(s3) as client:
            client.create_bucket(Bucket=BUCKET)
        with site_on_parts(home / "site", "bench", redis, postgres, s3, **rental) as site:
            site.start_web()
            work = site.run("work")
            environment = site.environment | {"DATABASE_URL": _database(postgres, "bare")}
            with (
                _running(["-m", "tests.bench.publisher"], site.environment, home / "publisher.log"),
                bare_site(home / "bare", environment) as bare,
            ):
                yield SiteOfParts(
                    "production" if gpu == "none" else f"production with a {gpu} GPU",
                    site.address,
                    home / "site" / "data" / "publisher",
                    bare,
                    lambda email: _address(site.manage("sign_in_link", email)),
                )
            work.stop()


@contextmanager
def _gpu(state: str) -> Iterator[dict[str, str]]:
    """Settings of a site on it."""
    if state == "none":
        yield {}
        return
    served = ServedRunPod(FakeRunPod(SYSTEM, PaperMachines(SYSTEM), timing=NEVER_READY, quota=None))
    try:
        for kind in served.fake.gpus.values() if state == "failing" else ():
            kind.stock = 0
        yield rented(served)
    finally:
        served.close()


@contextmanager
def bare_site(data: Path, environment: dict[str, str]) -> Iterator[httpx.Client]:
    """Signed in to it."""
    data.mkdir()
    port = free_port()
    settings = environment | {"GAZE_DATA": str(data), "PORT": str(port)}
    with (
        _running(["-m", "tests.bench.bare_site"], settings, data / "log") as running,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        ready = patiently(lambda: running.process.poll() is not None or _answers(client), START_SECONDS)
        assert ready and running.process.poll() is None, running.log.read_text()  # noqa: PT018
        client.cookies.set("session", (data / "cookie").read_text())
        assert "Everybody" in client.get("/").text
        yield client


@contextmanager
def _running(words: list[str], environment: dict[str, str], log: Path) -> Iterator[Running]:
    running = Running([sys.executable, *words], environment, log)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()


def _answers(client: httpx.Client) -> bool:
    """Whether there is any answer, such as a redirect to the sign-in."""
    try:
        return client.get("/").status_code < 500
    except httpx.TransportError:
        return False


def _cpu_seconds(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _database(postgres: str, name: str) -> str:
    """The address of a new one."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))


def _address(printed: str) -> str:
    found = re.search(r"http://\S+", printed)
    assert found is not None, printed
    return found[0]
