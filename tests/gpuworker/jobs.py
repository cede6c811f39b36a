"""Jobs and applications for tests of what stands round a worker: nothing is rendered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from gpuworker.clock import SYSTEM, Clock
from gpuworker.contract import RenderRequest, Size
from gpuworker.server.app import About, create_app
from gpuworker.server.job_queue import JobTable
from gpuworker.workers.fake import FakeWorker
from gpuworker.workers.worker import Job
from tests.runpod.asgi import AppTransport, Loop
from tests.runpod.breaks import BreakingTransport

TOKEN = "a token of at least 16 characters"
SMALL = Size(120, 150)
SIGHT = {"poster.webp", "rig.bin", "photo.webp"}
"""Names of the files with which a portrait is alive."""
NAMES = SIGHT | {"preview.webp", *(f"q{n}.webp" for n in range(4)), *(f"q{n}_20.webp" for n in range(4))}


def a_job(identity: str = "one", attempt: int = 1, photo: bytes = b"a photo", **options: object) -> Job:
    return Job(identity, attempt, RenderRequest(photo, frame=SMALL, **options))


class Halt:
    """A step that waits until it may go on. `reached` is set when it is waited at."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, number: int) -> None:
        if number == self._at:
            self.reached.set()
            assert self.go_on.wait(120)


@contextmanager
def table(folder: Path, worker: FakeWorker | None = None, clock: Clock = SYSTEM, **more: object) -> Iterator[JobTable]:
    jobs = JobTable(worker or FakeWorker(), folder, clock=clock, **more)
    try:
        yield jobs
    finally:
        jobs.close()


def ended(jobs: JobTable, identity: str = "one", attempt: int = 1) -> str:
    """The state in which the job ends."""
    snapshot = jobs.snapshot(identity, attempt)
    while snapshot.state not in ("done", "failed", "cancelled"):
        assert jobs.failure is None, jobs.failure  # a worker that cannot start ends no job
        snapshot = jobs.wait(identity, attempt, snapshot.revision, 10)
    return snapshot.state


@contextmanager
def client(jobs: JobTable, token: str | None = TOKEN, **headers: str) -> Iterator[httpx.Client]:
    """One that bears the token and speaks the protocol, over a transport that breaks on demand."""
    loop = Loop()
    transport = BreakingTransport(AppTransport(create_app(jobs, About("warp", "Fake GPU", "1.2.3"), token), loop))
    ours = {"Gaze-Protocol": "3", **({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    with httpx.Client(transport=transport, base_url="http://worker", headers=ours) as asking:
        asking.breaks = transport.breaks
        asking.asked = transport.asked
        yield asking
    loop.close()
