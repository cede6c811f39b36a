"""Machines inside the fake's pods: real workers in processes of their own, or applications that render nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import httpx

from gpuworker.clock import Clock
from gpuworker.server.app import About, create_app
from gpuworker.server.job_queue import JobTable
from gpuworker.workers.fake import FakeWorker
from tests.runpod.asgi import Loop


class Machine(Protocol):
    """One container that runs."""

    def send(self, request: httpx.Request) -> httpx.Response:
        """Its answer; raises httpx.ConnectError while nothing listens."""

    @property
    def exited(self) -> bool:
        """Whether its process has ended."""

    def kill(self) -> None:
        """At once. Safe to call twice."""


class Machines(Protocol):
    """Provider of containers."""

    def start(self, environment: Mapping[str, str]) -> Machine: ...

    def close(self) -> None: ...


class LocalMachine:
    """`python -m gpuworker serve` on loopback, with a pod's environment; module: one that does the same its own way."""

    def __init__(self, environment: Mapping[str, str], processes: int, module: str = "gpuworker") -> None:
        command = [sys.executable, "-m", module, "serve", "--port", "0", "--processes", str(processes)]
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("WORKER_", "RUNPOD_"))}
        self.process = subprocess.Popen(command, env=ours | environment, stdout=subprocess.PIPE, text=True)
        self._client = httpx.Client(timeout=30)
        self._url: str | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"http://\S+", line):
                self._url = found[0]

    def send(self, request: httpx.Request) -> httpx.Response:
        if self._url is None:
            raise httpx.ConnectError("nothing listens yet")
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        url = self._url + request.url.raw_path.decode()
        return self._client.request(request.method, url, headers=headers, content=request.read())

    @property
    def exited(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._client.close()


class LocalMachines:
    """Real workers. processes: of each worker's pool; image: what their image sets; module: see LocalMachine."""

    def __init__(
        self, processes: int = 2, *, image: Mapping[str, str] | None = None, module: str = "gpuworker"
    ) -> None:
        self._processes = processes
        self._image = dict(image or {})
        self._module = module
        self.started: list[LocalMachine] = []

    def start(self, environment: Mapping[str, str]) -> LocalMachine:
        self.started.append(LocalMachine(self._image | dict(environment), self._processes, self._module))
        return self.started[-1]

    def close(self) -> None:
        for machine in self.started:
            machine.kill()


class PaperMachine:
    """The real application over a worker that renders nothing; it ends when the real one would."""

    def __init__(
        self, environment: Mapping[str, str], loop: Loop, clock: Clock, before_step: Callable[[int], None]
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._idle_exit = float(environment.get("WORKER_IDLE_EXIT", 0))
        self._until = float(environment.get("WORKER_UNTIL", 0))
        self._folder = tempfile.TemporaryDirectory(prefix="paper-", ignore_cleanup_errors=True)
        self.jobs = JobTable(FakeWorker(before_step), Path(self._folder.name), clock=clock)
        about = About(environment.get("WORKER_ENGINE", "warp"), "Paper GPU", "test")
        self._app = create_app(self.jobs, about, environment.get("WORKER_TOKEN"))
        self._dead = False

    def send(self, request: httpx.Request) -> httpx.Response:
        if self.exited:
            raise httpx.ConnectError("nothing listens any more")
        return self._loop.call(self._app, request)

    @property
    def exited(self) -> bool:
        idle = self._idle_exit and self.jobs.idle_seconds >= self._idle_exit
        if not self._dead and (idle or (self._until and self._clock.now() >= self._until)):
            self.kill()
        return self._dead

    def kill(self) -> None:
        if not self._dead:
            self._dead = True
            self.jobs.close()
            self._folder.cleanup()


class PaperMachines:
    """before_step: as in FakeWorker, of every worker."""

    def __init__(self, clock: Clock, before_step: Callable[[int], None] = lambda number: None) -> None:
        self._loop = Loop()
        self._clock = clock
        self.before_step = before_step
        self.started: list[PaperMachine] = []

    def start(self, environment: Mapping[str, str]) -> PaperMachine:
        machine = PaperMachine(environment, self._loop, self._clock, lambda number: self.before_step(number))
        self.started.append(machine)
        return machine

    def close(self) -> None:
        for machine in self.started:
            machine.kill()
        self._loop.close()
