"""HTTP server, `python -m gpuworker serve`: runs until it is told to end or is idle for long.

A rented machine costs money for as long as this process lives, so it ends by itself: when it has been
idle for long, and in any case when the day's money is spent, even if the site is gone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from gpuworker import engines
from gpuworker.clock import SYSTEM, Clock
from gpuworker.environment import seconds, secret
from gpuworker.errors import BadRequest
from gpuworker.server.app import About, create_app
from gpuworker.server.gpu import gpu_name
from gpuworker.server.job_queue import JobTable
from gpuworker.workers.worker import LocalWorker

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SHORTEST_TOKEN = 16
MOST_CONNECTIONS = 64
HEADER_SECONDS = 10.0
CHECK_SECONDS = 1.0
GRACE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Serving:
    """Configuration of the server. Raises BadRequest when strangers could use the worker.

    token: what every request must bear; open: whether it may be missing, on loopback alone;
    idle_exit: seconds without any wish after which it ends; until: the moment (seconds since the epoch)
    at which it ends whatever it is doing. 0 means never.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    engine: str = "warp"
    token: str | None = None
    open: bool = False
    processes: int | None = None
    idle_exit: float = 0.0
    until: float = 0.0
    folder: Path | None = None

    def __post_init__(self) -> None:
        engines.check(self.engine)
        if self.token is None and not (self.open and self.host in LOOPBACK):
            raise BadRequest(
                "Please set WORKER_TOKEN or WORKER_TOKEN_FILE; without a token the worker serves "
                "only with --no-token, and only on 127.0.0.1."
            )
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise BadRequest(f"The worker's token must have at least {SHORTEST_TOKEN} characters.")


def serve(serving: Serving) -> None:
    """Serve until SIGTERM, Ctrl-C, or long idleness. Raises BadRequest for an occupied port, and why a start failed."""
    listener = _listener(serving)
    with tempfile.TemporaryDirectory(dir=serving.folder, prefix="worker-", ignore_cleanup_errors=True) as name:
        worker = LocalWorker(Path(name), serving.processes, serving.engine)
        jobs = JobTable(worker, Path(name), preparation=(("loading", worker.warm), ("warming", worker.wait_ready)))
        try:
            _serve(serving, jobs, listener)
        finally:
            jobs.close()
            listener.close()
    if jobs.failure is not None:
        raise jobs.failure


def release() -> str:
    """Version of this package, as it is installed."""
    try:
        return version("gazesite")
    except PackageNotFoundError:
        return "unknown"


def _listener(serving: Serving) -> socket.socket:
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    try:
        return socket.create_server((serving.host, serving.port), family=family, backlog=MOST_CONNECTIONS)
    except OSError as error:
        raise BadRequest(
            f"Port {serving.port} of {serving.host} cannot be used ({error.strerror}); choose another with --port."
        ) from error


def _serve(serving: Serving, jobs: JobTable, listener: socket.socket) -> None:
    about = About(serving.engine, gpu_name(), release())
    config = uvicorn.Config(
        create_app(jobs, about, serving.token),
        http=HeaderTimeoutProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    host, port = listener.getsockname()[:2]
    monitor = ShutdownMonitor(jobs, server, serving.idle_exit, serving.until)
    with _ended_softly(server), monitor:
        sys.stdout.write(f"Serving {serving.engine} on http://{host}:{port}\n")
        sys.stdout.flush()
        server.run(sockets=[listener])


class ShutdownMonitor(threading.Thread):
    """Thread that purges jobs, and ends the server when it is idle for long, old, or cannot start."""

    def __init__(
        self, jobs: JobTable, server: uvicorn.Server, idle_exit: float, until: float, clock: Clock = SYSTEM
    ) -> None:
        super().__init__(name="monitor", daemon=True)
        self._jobs = jobs
        self._server = server
        self._idle_exit = idle_exit
        self._clock = clock
        self._until = until
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(CHECK_SECONDS):
            self.check()

    def check(self) -> None:
        """Once."""
        self._jobs.purge()
        if reason := self._reason():
            log.warning("the worker ends: %s", reason)
            self._server.should_exit = True

    def _reason(self) -> str | None:
        if self._jobs.failure is not None:
            return self._jobs.failure.sentence
        if self._until and self._clock.now() >= self._until:
            return "it cannot be paid any longer"
        if self._idle_exit and self._jobs.idle_seconds >= self._idle_exit:
            return "it has not been used for long"
        return None

    def __enter__(self) -> ShutdownMonitor:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self.join()


class HeaderTimeoutProtocol(H11Protocol):
    """HTTP protocol that closes a connection on which no whole request head comes in time.

    uvicorn itself would wait for ever.
    """

    _timer: asyncio.TimerHandle | None = None
    header_seconds = HEADER_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._timer is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(self.header_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.abort()


@contextmanager
def _ended_softly(server: uvicorn.Server) -> Iterator[None]:
    """Handlers of signals that come before uvicorn has its own, and of the one it raises again when it is done.

    The files have yet to go then.
    """

    def end(number: int, frame: object) -> None:
        server.should_exit = True

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGINT, signal.SIGTERM):
            before[each] = signal.signal(each, end)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def serving_from(options: Any, environment: Mapping[str, str] = os.environ) -> Serving:
    """The command line's options, and the environment's for what belongs to a rented machine. Raises BadRequest."""
    return Serving(
        host=options.host,
        port=options.port,
        engine=options.engine or environment.get("WORKER_ENGINE") or "warp",
        token=secret(environment, "WORKER_TOKEN"),
        open=options.no_token,
        processes=options.processes,
        idle_exit=options.idle_exit or seconds(environment, "WORKER_IDLE_EXIT"),
        until=seconds(environment, "WORKER_UNTIL"),
    )
