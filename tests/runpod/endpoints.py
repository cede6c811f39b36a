"""A Serverless endpoint whose machines run the real handler, each job on a thread of its own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gpuworker.clock import Clock

MOST_INPUT = 10_000_000
KEPT_SECONDS = 1800
ENDED = ("COMPLETED", "FAILED", "TIMED_OUT", "CANCELLED")

Handler = Callable[[Mapping[str, Any]], Iterator[dict[str, Any]]]


@dataclass
class QueuedJob:
    id: str
    input: dict[str, Any]
    policy: dict[str, Any]
    created: float
    status: str = "IN_QUEUE"
    started: float | None = None
    ended: float | None = None
    outputs: list[Any] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class Endpoint:
    """delay: seconds in the queue; bare: whether /stream answers with the bare array; machines: at most."""

    def __init__(self, clock: Clock, handler: Handler, *, delay: float = 2.0, bare: bool = False) -> None:
        self._clock = clock
        self._handler = handler
        self.delay = delay
        self.bare = bare
        self.jobs: dict[str, QueuedJob] = {}
        self._lock = threading.RLock()

    def answer(self, method: str, question: str, identity: str, body: dict[str, Any], size: int) -> Any:
        """JSON, or the status of a refusal."""
        with self._lock:
            self._advance()
            match method, question:
                case "POST", "run":
                    return self._run(body, size)
                case "GET", "health":
                    return self._health()
            job = self.jobs.get(identity)
            if job is None or (job.ended is not None and self._clock.now() - job.ended > KEPT_SECONDS):
                return 404
            match method, question:
                case "GET", "status":
                    return self._status(job)
                case "GET", "stream":
                    return self._stream(job)
                case "POST", "cancel":
                    return self._cancel(job)
        return 404

    def close(self) -> None:
        for job in self.jobs.values():
            job.cancelled.set()
            if job.thread is not None:
                job.thread.join(10)

    def _run(self, body: dict[str, Any], size: int) -> Any:
        if size > MOST_INPUT:
            return 413
        if set(body) - {"input", "webhook", "policy", "s3Config"} or not isinstance(body.get("input"), dict):
            return 400
        job = QueuedJob(f"{uuid.uuid4()}-u1", body["input"], body.get("policy", {}), self._clock.now())
        self.jobs[job.id] = job
        return {"id": job.id, "status": job.status}

    def _health(self) -> Any:
        states = [job.status for job in self.jobs.values()]
        running = states.count("IN_PROGRESS")
        jobs = {"inQueue": states.count("IN_QUEUE"), "inProgress": running}
        return {"jobs": jobs, "workers": {"idle": 0, "running": running}}

    def _status(self, job: QueuedJob) -> Any:
        told: dict[str, Any] = {"id": job.id, "status": job.status}
        if job.started is not None:
            told["delayTime"] = round((job.started - job.created) * 1000)
            told["executionTime"] = round(((job.ended or self._clock.now()) - job.started) * 1000)
        return told

    def _stream(self, job: QueuedJob) -> Any:
        items, job.outputs = job.outputs, []
        stream = [{"output": each} for each in items]
        return stream if self.bare else {"status": job.status, "stream": stream}

    def _cancel(self, job: QueuedJob) -> Any:
        if job.status not in ENDED:
            self._end(job, "CANCELLED")
        return {"id": job.id, "status": job.status}

    def _advance(self) -> None:
        now = self._clock.now()
        for job in list(self.jobs.values()):
            ttl = job.policy.get("ttl", 86_400_000) / 1000
            limit = job.policy.get("executionTimeout", 600_000) / 1000
            if job.status == "IN_QUEUE" and now - job.created >= self.delay:
                job.status, job.started = "IN_PROGRESS", now
                job.thread = threading.Thread(target=self._work, args=(job,), daemon=True, name="serverless")
                job.thread.start()
            if job.status == "IN_PROGRESS" and job.started is not None and now - job.started > limit:
                self._end(job, "TIMED_OUT")
            if job.status == "IN_QUEUE" and now - job.created > ttl:
                self._end(job, "TIMED_OUT")

    def _end(self, job: QueuedJob, status: str) -> None:
        job.status, job.ended = status, self._clock.now()
        job.cancelled.set()

    def _work(self, job: QueuedJob) -> None:
        outputs = self._handler({"id": job.id, "input": job.input})
        status = "COMPLETED"
        try:
            for output in outputs:
                if job.cancelled.is_set():
                    break
                with self._lock:
                    job.outputs.append(output)
        except Exception:  # noqa: BLE001 (whatever the handler raises is a failed job there too)
            status = "FAILED"
        finally:
            outputs.close()  # type: ignore[attr-defined]
        with self._lock:
            if job.status == "IN_PROGRESS":
                self._end(job, status)
