"""Workers of this process: its own warm one, and the GPU source where there is one.

Both are made on first use.
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
from portraits.rendering.costs import DatabaseLedger

NICENESS = 5
"""Niceness of the rendering processes, so that no page waits for a frame."""

_lock = threading.Lock()
_worker: LocalWorker | None = None
_gpu: Source | None = None
_closing = threading.Event()


def current() -> Worker:
    """The process's own worker."""
    return _child()


def source(name: str) -> Worker:
    """Worker of a render's source. A render that was queued for a source of an older set-up is made by today's."""
    return current() if name == "child" or settings.GPU_SOURCE == "none" else gpu()


def gpu() -> Source:
    """The GPU source. Raises BadRequest, with a sentence, when its settings do not suffice."""
    global _gpu
    with _lock:
        if _gpu is None:
            _gpu = build(source_config(), DatabaseLedger(), folder=_folder())
        return _gpu


def warm() -> None:
    """Spawn the rendering processes now: the first portrait then need not wait for them."""
    _closing.clear()
    _child().warm()
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
    global _worker, _gpu
    with _lock:
        if _worker is not None:
            _worker.close()
            _worker = None
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


def _child() -> LocalWorker:
    global _worker
    with _lock:
        if _worker is None:
            _worker = LocalWorker(_folder(), niceness=NICENESS)
        return _worker


def _folder() -> Path:
    folder = Path(settings.SCRATCH_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
