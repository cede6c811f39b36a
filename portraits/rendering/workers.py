"""Workers of this process: a warm one for first passes, one for sheets, and the GPU source where there is one.

All are made on first use. A first pass never waits for sheets: it has a process of its own, and the system gives it
nearly all of a core that a process of the sheets would have, too.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

from django.conf import settings

from gpuworker.fleet import runpod
from gpuworker.fleet.pod_spec import GPUS, Deadlines, PodSpec
from gpuworker.fleet.serverless import EndpointSpec
from gpuworker.fleet.source import Source
from gpuworker.fleet.source_config import Kind, SourceConfig, build
from gpuworker.workers.worker import LocalWorker, Worker
from portraits.models import Render
from portraits.rendering.costs import DatabaseLedger

NICENESS, SHEETS_NICENESS = 5, 19
"""Niceness of the processes for first passes, so that no page waits for one, and of those for sheets."""
SHEETS_IDLE_SECONDS = 120.0
"""Seconds without sheets to draw after which their processes end."""

_lock = threading.Lock()
_children: dict[str, LocalWorker] = {}
_gpu: Source | None = None
_closing = threading.Event()


def current() -> Worker:
    """Worker of this process for first passes."""
    return _first()


def sheets() -> Worker:
    """Worker of this process for whole renders, with a process for each core while there is something to do."""
    return _child("sheets", size=None, niceness=SHEETS_NICENESS, idle_seconds=SHEETS_IDLE_SECONDS)


def of(render: Render) -> Worker:
    """Worker that makes a render. A refined pass that was queued for a source of an older set-up is made by today's."""
    if render.kind == Render.Kind.RIG:
        return current()
    return sheets() if render.kind == Render.Kind.SHEETS or settings.GPU_SOURCE == "none" else gpu()


def gpu() -> Source:
    """The GPU source. Raises BadRequest, with a sentence, when its settings do not suffice."""
    global _gpu
    with _lock:
        if _gpu is None:
            _gpu = build(source_config(), DatabaseLedger(), folder=_folder())
        return _gpu


def warm() -> None:
    """Spawn the process for first passes now: the first portrait then need not wait for it."""
    _closing.clear()
    _first().warm()
    if settings.GPU_SOURCE != "none" and settings.GPU_WARM:
        gpu().warm()


def closing() -> bool:
    """Whether nothing new is to be begun in this process."""
    return _closing.is_set()


def wait_closing(seconds: float) -> bool:
    """Wait for so many seconds, or until this process ends; whether it does."""
    return _closing.wait(seconds)


def begin_closing() -> None:
    _closing.set()


def close() -> None:
    """Kill the rendering processes at once, and let go of the GPU, which others may go on using."""
    global _gpu
    with _lock:
        for name in list(_children):
            _children.pop(name).close()
        if _gpu is not None:
            _gpu.close()
            _gpu = None


def source_config() -> SourceConfig:
    """SourceConfig that the settings make, for gpuworker.fleet."""
    return SourceConfig(
        kind=cast(Kind, settings.GPU_SOURCE),
        engine=settings.GPU_ENGINE,
        url=settings.GPU_WORKER_URL or None,
        token=settings.GPU_WORKER_TOKEN or None,
        key=settings.RUNPOD_API_KEY or None,
        secret=settings.SECRET_KEY,
        pod=_pod_spec() if settings.GPU_SOURCE == "runpod-pod" else None,
        endpoint=EndpointSpec(settings.RUNPOD_ENDPOINT) if settings.GPU_SOURCE == "runpod-serverless" else None,
        daily_budget=settings.GPU_DAILY_BUDGET,
        deadlines=Deadlines(idle=settings.GPU_IDLE_SECONDS, worker_idle=settings.GPU_IDLE_SECONDS + 300),
        rest=settings.RUNPOD_REST_URL or runpod.REST,
        serverless=settings.RUNPOD_SERVERLESS_URL or runpod.SERVERLESS,
        proxy=settings.RUNPOD_PROXY_URL or runpod.PROXY,
    )


def _pod_spec() -> PodSpec:
    return PodSpec(
        image=settings.RUNPOD_IMAGE,
        prefix=settings.RUNPOD_POD_PREFIX,
        gpus=tuple(settings.RUNPOD_GPUS) or GPUS,
        data_centres=tuple(settings.RUNPOD_DATA_CENTRES),
        volume=settings.RUNPOD_VOLUME or None,
        engine=settings.GPU_ENGINE,
    )


def _first() -> LocalWorker:
    return _child("first", size=1, niceness=NICENESS, idle_seconds=None)


def _child(name: str, size: int | None, niceness: int, idle_seconds: float | None) -> LocalWorker:
    with _lock:
        if name not in _children:
            _children[name] = LocalWorker(_folder(), size=size, niceness=niceness, idle_seconds=idle_seconds)
        return _children[name]


def _folder() -> Path:
    folder = Path(settings.SCRATCH_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
