"""Sources that need not be rented: processes of this machine, and a worker at an address that does not change."""

from __future__ import annotations

from gpuworker.errors import WorkerLost
from gpuworker.fleet.source import Status
from gpuworker.workers.http_client import HttpWorker
from gpuworker.workers.polling import TransientError
from gpuworker.workers.worker import LocalWorker


class LocalSource(LocalWorker):
    """Source of processes on this machine."""

    name = "child"

    def reconcile(self) -> None:
        """Nothing costs."""

    def stop(self) -> None:
        """Nothing costs."""

    def status(self) -> Status:
        return Status(self.name, "ready", "Renders are made on this machine")


class UrlSource(HttpWorker):
    """A worker that another party keeps running at `url`, with its token."""

    name = "url"

    def warm(self) -> None:
        """Its operator keeps it warm."""

    def reconcile(self) -> None:
        """Its operator looks after it."""

    def stop(self) -> None:
        """It is not ours to stop."""

    def status(self) -> Status:
        try:
            health = self.health()
        except TransientError as error:
            raise WorkerLost(details={"reason": str(error)}) from error
        phase = "ready" if health.state == "busy" else health.state
        message = f"The worker at {self.url} is {health.state}, with {health.queued} jobs"
        return Status(self.name, phase, message, gpu=health.gpu)
