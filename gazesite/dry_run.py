"""Dry run of renting a GPU: prints the exact requests to the provider, secrets masked, and sends none."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx

from gpuworker.clock import SYSTEM
from gpuworker.fleet.budget import Budget
from gpuworker.fleet.ledger import MemoryLedger
from gpuworker.fleet.pod_manager import PodManager
from gpuworker.fleet.pod_spec import PodSpec
from gpuworker.fleet.runpod import RunPod
from gpuworker.fleet.source_config import SourceConfig
from gpuworker.workers.http_client import HttpWorker
from gpuworker.workers.polling import RetryPolicy, TransientError

MASK = "********"
SECRETS = ("TOKEN", "KEY", "SECRET", "PASSWORD")
"""Parts of the names of variables whose values are masked."""


def dry_run(config: SourceConfig, spec: PodSpec, write: Callable[[str], None]) -> None:
    """Order a pod from a fake provider that has every GPU. `write` gets each request as text."""
    provider = _FakeProvider(spec, write)
    client = httpx.Client(transport=httpx.MockTransport(provider.answer))
    api = RunPod(config.key or "", rest=config.rest, serverless=config.serverless, proxy=config.proxy, client=client)
    budget = Budget(config.daily_budget)
    pods = PodManager(api, spec, MemoryLedger(), budget, config.secret, config.deadlines, SYSTEM)
    pod = pods.settled() or pods.ordered(threading.Event())
    try:
        HttpWorker(api.proxy(pod.id), pods.token(pod.name), retry_policy=RetryPolicy(), client=client).health()
    except TransientError:  # no worker answers in a dry run; the request has been printed
        return
    finally:
        client.close()


class _FakeProvider:
    """Provider that answers each request and rents nothing."""

    def __init__(self, spec: PodSpec, write: Callable[[str], None]) -> None:
        self._spec = spec
        self._write = write

    def answer(self, request: httpx.Request) -> httpx.Response:
        self._write(as_text(request))
        path = request.url.path
        if path.endswith("/catalog/gpus"):
            return httpx.Response(200, json={"gpus": [self._offer()]})
        if path.endswith("/pods"):
            return httpx.Response(200, json={"pods": []}) if request.method == "GET" else self._rented(request)
        return httpx.Response(404, json={})

    def _offer(self) -> dict[str, Any]:
        price = {self._spec.cloud.lower(): 0.0}
        return {"id": self._spec.gpus[0], "price": price, "availability": "HIGH"}

    def _rented(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        rented = {"id": "POD", "status": "RUNNING", "cost": 0.0, "createdAt": "2026-01-01T00:00:00Z", "actions": []}
        return httpx.Response(201, json={**body, **rented, "startedAt": None, "runtime": None})


def as_text(request: httpx.Request) -> str:
    """Text of the request: method, address, body, and its authorisation without the secret."""
    lines = [f"{request.method} {request.url}"]
    if "authorization" in request.headers:
        lines.append(f"Authorization: Bearer {MASK}")
    if request.content:
        lines.append(json.dumps(_masked(json.loads(request.content)), indent=2))
    return "\n".join(lines)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: MASK if any(part in name.upper() for part in SECRETS) and isinstance(each, str) else _masked(each)
            for name, each in value.items()
        }
    return [_masked(each) for each in value] if isinstance(value, list) else value
