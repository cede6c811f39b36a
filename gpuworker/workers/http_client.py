"""HTTP client of a worker on another machine, as PROTOCOL.md describes it."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from gpuworker.clock import SYSTEM, Clock
from gpuworker.environment import secret
from gpuworker.errors import (
    AccessDenied,
    BadRequest,
    Busy,
    Cancelled,
    OtherProtocol,
    OutputFailed,
    RenderError,
    Superseded,
    WorkerDied,
    WorkerLost,
    WrongAnswer,
)
from gpuworker.workers import protocol
from gpuworker.workers.polling import RetryPolicy, TransientError, poll
from gpuworker.workers.protocol import Health, Listing, Snapshot
from gpuworker.workers.worker import Job, RenderedFile, Step

T = TypeVar("T")


class HttpWorker:
    """Worker at the other end of HTTP.

    url: of its root; token: its bearer token; client: for tests, closed by its maker.

    Several renders may go on at once in several threads; the worker queues them.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008 (frozen)
        client: httpx.Client | None = None,
        folder: Path | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self.url = url.rstrip("/")
        self._headers = {
            protocol.VERSION_HEADER: str(protocol.VERSION),
            "Accept-Encoding": "identity",
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        self._retry_policy = retry_policy
        self._own_client = client is None
        self._client = client or httpx.Client(follow_redirects=False)
        self._timeout = httpx.Timeout(
            connect=retry_policy.connect, read=retry_policy.read, write=retry_policy.write, pool=retry_policy.connect
        )
        self._folder = folder
        self._clock = clock

    def health(self) -> Health:
        """Asked once. Raises TransientError, AccessDenied, OtherProtocol."""
        health = _read(Health.from_json, self._ask("GET", "/health"))
        if health.protocol != protocol.VERSION:
            raise OtherProtocol(details={"worker": health.protocol, "site": protocol.VERSION})
        return health

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        """Steps, as Worker.render. Cancelled.details["confirmed"] says whether the worker confirmed that it stopped."""
        return poll(self, job, cancelled, retry_policy=self._retry_policy, clock=self._clock, folder=self._folder)

    def close(self) -> None:
        """Close the connections."""
        if self._own_client:
            self._client.close()

    # --- as Transport

    def submit(self, job: Job) -> Snapshot:
        headers = {"Content-Type": "application/json"}
        return _read(
            Snapshot.from_json, self._ask("POST", "/generate", content=protocol.submission(job), headers=headers)
        )

    def progress(self, job: Job) -> Snapshot:
        return _read(Snapshot.from_json, self._ask("GET", f"/progress/{job.id}?attempt={job.attempt}"))

    def cancel(self, job: Job) -> Snapshot:
        path = f"/cancel/{job.id}?attempt={job.attempt}"
        return _read(Snapshot.from_json, self._ask("POST", path, timeout=self._retry_policy.cancellation))

    def forget(self, job: Job) -> None:
        self._ask("DELETE", f"/jobs/{job.id}?attempt={job.attempt}", timeout=self._retry_policy.cancellation)

    def fetch(self, job: Job, listing: Listing, folder: Path, cancelled: threading.Event) -> RenderedFile:
        """Whole file with the right bytes. Raises TransientError for any others, OutputFailed for a full disk."""
        path = f"/files/{job.id}/{listing.name}?attempt={job.attempt}"
        target = folder / listing.name
        digest, size = hashlib.sha256(), 0
        end = self._clock.now() + self._retry_policy.stall
        try:
            with _transient_errors(), self._stream("GET", path) as response, target.open("wb") as file:
                self._judge(response)
                for chunk in response.iter_bytes():
                    size += len(chunk)
                    if size > listing.size or self._clock.now() > end:
                        raise TransientError(f"{listing.name} is longer than its listing, or endless")
                    if cancelled.is_set():
                        raise Cancelled
                    digest.update(chunk)
                    file.write(chunk)
        except OSError as error:
            raise OutputFailed(details={"file": listing.name, "reason": error.strerror or str(error)}) from error
        if (size, digest.hexdigest()) != (listing.size, listing.sha256):
            target.unlink(missing_ok=True)
            raise TransientError(f"{listing.name} came with other bytes than it was listed with")
        return RenderedFile(listing.name, target, listing.sha256, listing.size)

    # --- one question

    def _ask(self, method: str, path: str, *, timeout: float | None = None, **more: Any) -> Any:
        """The JSON of an answer. Raises TransientError, or the error that the worker answered with."""
        with _transient_errors(), self._stream(method, path, timeout=timeout, **more) as response:
            self._judge(response)
            return _json(_bounded(response))

    def _stream(
        self, method: str, path: str, *, timeout: float | None = None, **more: Any
    ) -> AbstractContextManager[httpx.Response]:
        headers = self._headers | more.pop("headers", {})
        limits = self._timeout if timeout is None else httpx.Timeout(timeout)
        return self._client.stream(method, self.url + path, headers=headers, timeout=limits, **more)

    def _judge(self, response: httpx.Response) -> None:
        """Raises TransientError when the answer is not the worker's or it is unavailable, else the error in it."""
        version = response.headers.get(protocol.VERSION_HEADER)
        if version is None:
            raise TransientError(f"something in between answered with {response.status_code}")
        if version != str(protocol.VERSION):
            raise OtherProtocol(details={"worker": version[:20], "site": protocol.VERSION})
        if response.status_code in (200, 202):
            return
        if response.status_code == 408 or response.status_code >= 500:
            raise TransientError(f"the worker answered with {response.status_code}")
        raise _refusal(response.status_code, _json(_bounded(response)))


def health_of(url: str, environment: Mapping[str, str] = os.environ) -> Health:
    """Health of the worker at `url`, asked once with WORKER_TOKEN. Raises WorkerLost, AccessDenied, OtherProtocol."""
    worker = HttpWorker(url, secret(environment, "WORKER_TOKEN"))
    try:
        return worker.health()
    except TransientError as error:
        raise WorkerLost(f"No worker answers at {url}.", details={"reason": str(error)}) from error
    finally:
        worker.close()


@contextmanager
def _transient_errors() -> Iterator[None]:
    """Translation of httpx's errors into TransientError."""
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise TransientError(f"{type(error).__name__}: {error}") from error


def _bounded(response: httpx.Response) -> bytes:
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > protocol.MAX_ANSWER:
            raise TransientError("the answer is too long to be the worker's")
    return bytes(data)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise TransientError("the answer is not JSON") from error


def _read(read: Callable[[Any], T], data: Any) -> T:
    """A garbled answer may be half of one: it is asked for again."""
    try:
        return read(data)
    except WrongAnswer as error:
        raise TransientError(str(error.details.get("reason", error))) from error


def _refusal(status: int, data: Any) -> RenderError:
    """Error for a refusal, by its status; an error of its own keeps its code and sentence."""
    told = _error_in(data)
    match status:
        case 401:
            return AccessDenied()
        case 404:
            return WorkerDied("The rendering machine has forgotten the portrait. Please try again.")
        case 409 | 410:
            return Superseded(told.sentence if told else None)
        case 426:
            return OtherProtocol(details=told.details if told else None)
        case 429:
            return Busy(details=told.details if told else None)
    return told or BadRequest(details={"status": status})


def _error_in(data: Any) -> RenderError | None:
    if not isinstance(data, Mapping):
        return None
    try:
        return protocol.error_from(data["error"])
    except (KeyError, TypeError, ValueError):
        return None
