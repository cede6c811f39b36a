"""Client of RunPod's REST interface, version 2, and of its Serverless endpoints. It decides nothing.

The key is sent to the provider and nowhere else: it is in no error, no log line and no worker.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from gpuworker.clock import SYSTEM, Clock
from gpuworker.errors import AccessDenied, Busy, NoCapacity, RentalRefused, WorkerLost

log = logging.getLogger(__name__)

REST = "https://api.runpod.io/v2"
SERVERLESS = "https://api.runpod.ai/v2"
PROXY = "https://{id}-8000.proxy.runpod.net"
"""Address of a pod's port 8000: public and without authentication."""

NO_CAPACITY = re.compile(r"no longer any instances available", re.IGNORECASE)
LONGEST_WAIT = 90.0
"""Seconds that a 429 may ask us to wait; the day's quota is not waited for."""
TRIES = 4
FIRST_PAUSE = 1.0
MOST_BYTES = 40_000_000

PAID = frozenset(("PROVISIONING", "STARTING", "RUNNING"))
"""The states in which a pod costs."""


class AmbiguousResponse(Exception):
    """Response that says nothing about whether the request has happened, or none at all."""


class Problem(Exception):
    """A refusal: application/problem+json, or what came in its place."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP response, read within bounds."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Pod:
    """created, started: seconds since the epoch; hourly: dollars; uptime: seconds of its container, when it runs."""

    id: str
    name: str
    status: str
    gpu: str
    hourly: float
    created: float
    started: float | None
    uptime: float | None
    actions: tuple[str, ...]

    @property
    def paid(self) -> bool:
        return self.status in PAID


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of GPU, its price in dollars an hour, and whether there is any."""

    gpu: str
    hourly: float
    available: bool


class RunPod:
    """Client of the provider.

    Every method may be called from any thread. Raises AccessDenied, Busy, Problem, AmbiguousResponse.

    Reads are tried again after an ambiguous response; writes are left to the caller.
    """

    def __init__(
        self,
        key: str,
        *,
        rest: str = REST,
        serverless: str = SERVERLESS,
        proxy: str = PROXY,
        client: httpx.Client | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self._rest = rest.rstrip("/")
        self._serverless = serverless.rstrip("/")
        self._proxy = proxy
        self._own_client = client is None
        self._client = client or httpx.Client(timeout=httpx.Timeout(30, connect=5), follow_redirects=False)
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json, application/problem+json"}
        self._clock = clock
        self._not_before = 0.0
        self._lock = threading.Lock()

    def close(self) -> None:
        if self._own_client:
            self._client.close()

    # --- pods

    def pods(self, prefix: str) -> list[Pod]:
        """Pods whose names begin with `prefix`, oldest first.

        The provider ignores filters that it does not know: we filter.
        """
        answer = self.ask("GET", f"{self._rest}/pods", repeat=True)
        pods = [_pod(each) for each in _list(answer, "pods")]
        return sorted((pod for pod in pods if pod.name.startswith(prefix)), key=lambda pod: (pod.created, pod.id))

    def pod(self, identity: str) -> Pod | None:
        """None when it is gone."""
        try:
            return _pod(self.ask("GET", f"{self._rest}/pods/{identity}", repeat=True))
        except Problem as problem:
            if problem.status == 404:
                return None
            raise

    def create_pod(self, body: Mapping[str, Any], cancelled: threading.Event | None = None) -> Pod:
        """Rent one. Raises NoCapacity, RentalRefused; after AmbiguousResponse it may run and cost: look its name up."""
        try:
            return _pod(self.ask("POST", f"{self._rest}/pods", body, cancelled=cancelled))
        except Problem as problem:
            raise refusal(problem) from problem

    def change_pod(self, identity: str, body: Mapping[str, Any]) -> Pod:
        """Change a stopped pod. Safe to repeat."""
        return _pod(self.ask("PATCH", f"{self._rest}/pods/{identity}", body, repeat=True))

    def start(self, identity: str) -> Pod:
        return _pod(self.ask("POST", f"{self._rest}/pods/{identity}/action", {"action": "start"}))

    def stop(self, identity: str) -> None:
        """Safe to repeat: one that does not run, or is gone, is as good as stopped."""
        try:
            self.ask("POST", f"{self._rest}/pods/{identity}/action", {"action": "stop"}, repeat=True)
        except Problem as problem:
            if problem.status not in (404, 409):
                raise

    def terminate(self, identity: str) -> None:
        """Safe to repeat."""
        try:
            self.ask("DELETE", f"{self._rest}/pods/{identity}", repeat=True)
        except Problem as problem:
            if problem.status != 404:
                raise

    def logs(self, identity: str, tail: int = 100) -> Iterator[str]:
        """Lines of the pod's log as they come, until the provider ends the stream."""
        url = f"{self._rest}/pods/{identity}/logs?tail={tail}"
        timeout = httpx.Timeout(30, read=None)
        try:
            with self._client.stream("GET", url, headers=self._headers, timeout=timeout) as response:
                if response.status_code != 200:
                    raise _problem(Answer(response.status_code, response.headers, _bounded(response)))
                for line in response.iter_lines():
                    if line.startswith("data:"):
                        yield line.removeprefix("data:").strip()
        except httpx.HTTPError as error:
            raise AmbiguousResponse(type(error).__name__) from error

    def offers(self, cloud: str) -> dict[str, Offer]:
        """Offers, by the GPU's name."""
        query = f"include=AVAILABILITY&product=POD&cloud={cloud}"
        answer = self.ask("GET", f"{self._rest}/catalog/gpus?{query}", repeat=True)
        try:
            return {
                str(each["id"]): Offer(
                    str(each["id"]), float(each["price"][cloud.lower()]), each.get("availability") != "NONE"
                )
                for each in _list(answer, "gpus")
                if each["price"].get(cloud.lower()) is not None
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AmbiguousResponse(f"the catalogue lacks or garbles {error}") from error

    def billed(self, identity: str) -> float:
        """Dollars that a pod of the last thirty days has cost in all, as far as the provider has counted."""
        answer = self.ask("GET", f"{self._rest}/billing/pods?bucketSize=day&lastN=30", repeat=True)
        try:
            records = [each for each in _list(answer, "records") if each["podId"] == identity]
            return sum(float(each["totalAmount"]) for each in records)
        except (KeyError, TypeError, ValueError) as error:
            raise AmbiguousResponse(f"the bill lacks or garbles {error}") from error

    def proxy(self, identity: str) -> str:
        """The root of the pod's worker."""
        return self._proxy.format(id=identity)

    # --- Serverless

    def run(self, endpoint: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Begin a job; raises RentalRefused for an endpoint or input that is refused."""
        try:
            return _object(self.ask("POST", f"{self._serverless}/{endpoint}/run", body))
        except Problem as problem:
            raise refusal(problem) from problem

    def job_status(self, endpoint: str, identity: str) -> Mapping[str, Any]:
        return _object(self.ask("GET", f"{self._serverless}/{endpoint}/status/{identity}", repeat=True))

    def stream(self, endpoint: str, identity: str) -> tuple[str | None, list[Any]]:
        """Status, and outputs that have not been read yet. Asked once: what a broken answer held is gone.

        The provider answers with an object, or with the bare array, which says nothing about the status.
        """
        answer = self.ask("GET", f"{self._serverless}/{endpoint}/stream/{identity}")
        items = answer if isinstance(answer, list) else _object(answer).get("stream", [])
        status = None if isinstance(answer, list) else str(answer.get("status"))
        if not isinstance(items, list) or not all(isinstance(each, dict) and "output" in each for each in items):
            raise AmbiguousResponse("the stream is not a list of outputs")
        return status, [each["output"] for each in items]

    def cancel_job(self, endpoint: str, identity: str) -> str:
        """The status that it then has."""
        return str(_object(self.ask("POST", f"{self._serverless}/{endpoint}/cancel/{identity}", repeat=True))["status"])

    def endpoint_health(self, endpoint: str) -> Mapping[str, Any]:
        return _object(self.ask("GET", f"{self._serverless}/{endpoint}/health", repeat=True))

    # --- one question

    def ask(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None = None,
        *,
        repeat: bool = False,
        cancelled: threading.Event | None = None,
    ) -> Any:
        """The JSON of the answer, None without one. `repeat`: after an ambiguous response it is asked again."""
        pause = FIRST_PAUSE
        for tries_left in reversed(range(TRIES)):
            self._clock.wait(self._quota_wait(), cancelled)
            try:
                answer = self._send(method, url, body)
            except AmbiguousResponse:
                if not repeat or not tries_left:
                    raise
                self._clock.wait(pause, cancelled)
                pause *= 2
                continue
            if answer.status != 429:
                return _json(answer)
            # Nothing has happened, so that anything may be repeated.
            self._clock.wait(_asked_wait(answer, tries_left), cancelled)
        raise Busy(details={"retry_after": LONGEST_WAIT})

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None) -> Answer:
        try:
            with self._client.stream(method, url, json=body, headers=self._headers) as response:
                answer = Answer(response.status_code, response.headers, _bounded(response))
        except httpx.HTTPError as error:
            raise AmbiguousResponse(type(error).__name__) from error
        self._note_quota(answer)
        if answer.status >= 500:
            raise AmbiguousResponse(f"{answer.status} from {method} {httpx.URL(url).path}")
        return answer

    def _note_quota(self, answer: Answer) -> None:
        """A quota that is used up is waited for before the next question, not found out by it."""
        text = answer.headers.get("RateLimit", "")
        remaining, reset = (re.search(rf"\b(?:{names})=(\d+)", text) for names in ("r|remaining", "t|reset"))
        if remaining and reset and int(remaining[1]) == 0:
            with self._lock:
                self._not_before = self._clock.now() + min(LONGEST_WAIT, float(reset[1]))

    def _quota_wait(self) -> float:
        with self._lock:
            return max(0.0, self._not_before - self._clock.now())


def refusal(problem: Problem) -> NoCapacity | RentalRefused:
    """Error that a person may see; the provider's own words are for the log."""
    if problem.status == 400 and NO_CAPACITY.search(problem.detail):
        return NoCapacity()
    log.error("the provider refuses an order: %s", problem)
    return RentalRefused(details={"status": problem.status, "detail": problem.detail[:500]})


@contextmanager
def provider_errors(sentence: str = "The GPU provider does not answer.") -> Iterator[None]:
    """Translation of the provider's errors into ones that a person may see.

    Raises WorkerLost with `sentence` for an ambiguous response, and `refusal` for a Problem.
    """
    try:
        yield
    except AmbiguousResponse as error:
        raise WorkerLost(sentence, details={"reason": str(error)}) from error
    except Problem as problem:
        raise refusal(problem) from problem


def _bounded(response: httpx.Response) -> bytes:
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > MOST_BYTES:
            raise AmbiguousResponse("the answer is endless")
    return bytes(data)


def _asked_wait(answer: Answer, tries_left: int) -> float:
    """Seconds, as its Retry-After says. Raises Busy when that is too long, or the last try is over."""
    text = answer.headers.get("Retry-After", "5")
    wait = float(text) if text.isdigit() else 5.0
    if wait > LONGEST_WAIT or not tries_left:
        raise Busy(details={"retry_after": wait})
    return wait


def _json(answer: Answer) -> Any:
    if answer.status in (401, 403):
        raise AccessDenied("The GPU provider refused our key. Please check RUNPOD_API_KEY.")
    if answer.status >= 400:
        raise _problem(answer)
    if answer.status == 204 or not answer.content:
        return None
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise AmbiguousResponse("the answer is not JSON") from error


def _problem(answer: Answer) -> Problem:
    try:
        told = json.loads(answer.content)
        detail = f"{told.get('detail', '')} {' '.join(map(str, told.get('errors') or []))}".strip()
        return Problem(answer.status, str(told.get("title", "")), detail[:1000])
    except (ValueError, AttributeError, TypeError, RecursionError):
        return Problem(answer.status, "", answer.content[:200].decode(errors="replace"))


def _object(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise AmbiguousResponse("the answer is not an object")
    return data


def _list(data: Any, key: str) -> Sequence[Any]:
    found = _object(data).get(key)
    if not isinstance(found, list):
        raise AmbiguousResponse(f"the answer has no list {key}")
    return found


def _pod(data: Any) -> Pod:
    try:
        runtime = data.get("runtime")
        return Pod(
            id=str(data["id"]),
            name=str(data["name"]),
            status=str(data["status"]),
            gpu=str((data.get("gpu") or {}).get("id", "")),
            hourly=float(data["cost"]),
            created=_moment(data["createdAt"]),
            started=_moment(data["startedAt"]) if data.get("startedAt") else None,
            uptime=float(runtime["uptime"]) if runtime else None,
            actions=tuple(map(str, data.get("actions") or ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AmbiguousResponse(f"the pod lacks or garbles {error}") from error


def _moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
