"""Sources that need not be rented: processes of this machine, and a worker at an address that does not change."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path

import httpx

from gpuworker.client import ChildWorker, Job, Step
from gpuworker.clock import SYSTEM, Clock
from gpuworker.errors import WorkerLost
from gpuworker.fleet.source import Status
from gpuworker.http_worker import HttpWorker
from gpuworker.remote import Broken, Patience


class ChildSource:
    """Child processes of this one."""

    name = "child"

    def __init__(self, folder: Path | None = None, size: int | None = None, engine: str = "warp") -> None:
        self._worker = ChildWorker(folder, size, engine)

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        return self._worker.render(job, cancelled)

    def warm(self) -> None:
        self._worker.warm()

    def tend(self) -> None:
        """Nothing costs."""

    def stop(self) -> None:
        """Nothing costs."""

    def status(self) -> Status:
        return Status(self.name, "ready", "Renders are made on this machine")

    def close(self) -> None:
        self._worker.close()


class UrlSource:
    """A worker that somebody else keeps running at `url`, with its token."""

    name = "url"

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        patience: Patience = Patience(),  # noqa: B008 (frozen)
        client: httpx.Client | None = None,
        folder: Path | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self._url = url
        self._worker = HttpWorker(url, token, patience=patience, client=client, folder=folder, clock=clock)

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        return self._worker.render(job, cancelled)

    def warm(self) -> None:
        """Whoever keeps it running keeps it warm."""

    def tend(self) -> None:
        """Whoever keeps it running tends it."""

    def stop(self) -> None:
        """It is not ours to stop."""

    def status(self) -> Status:
        try:
            health = self._worker.health()
        except Broken as error:
            raise WorkerLost(details={"reason": str(error)}) from error
        phase = "ready" if health.state == "busy" else health.state
        message = f"The worker at {self._url} is {health.state}, with {health.queued} jobs"
        return Status(self.name, phase, message, gpu=health.gpu)

    def close(self) -> None:
        self._worker.close()
