"""One worker a process, made on first use."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from gpuworker.errors import BadRequest
from portraits.rendering import workers


def test_the_worker_is_made_once_and_anew_after_it_was_closed(settings: Settings, tmp_path: Path) -> None:
    settings.SCRATCH_DIR = tmp_path / "not there yet"
    first = workers.current()
    assert workers.current() is first
    assert (tmp_path / "not there yet").is_dir()
    workers.close()
    workers.close()
    assert workers.current() is not first
    workers.close()


def test_each_pass_has_its_source(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "current", lambda: "here")
    monkeypatch.setattr(workers, "gpu", lambda: "there")
    settings.GPU_SOURCE = "runpod-pod"
    assert (workers.source("child"), workers.source("url")) == ("here", "there")
    settings.GPU_SOURCE = "none"
    assert workers.source("runpod-pod") == "here"


def test_the_gpu_source_is_what_the_settings_say(settings: Settings) -> None:
    settings.SECRET_KEY = "a secret of more than sixteen characters"
    settings.RUNPOD_API_KEY, settings.RUNPOD_IMAGE, settings.RUNPOD_ENDPOINT = "rpa_key", "org/worker:1", "ep1"
    settings.GPU_IDLE_SECONDS, settings.GPU_DAILY_BUDGET = 120.0, 2.5
    settings.GPU_SOURCE = "runpod-pod"
    made = workers.source_config()
    assert made.pod is not None
    assert (made.pod.image, made.pod.engine, made.pod.gpus[0]) == (
        "org/worker:1",
        "liveportrait",
        "NVIDIA GeForce RTX 4090",
    )
    assert (made.deadlines.idle, made.daily_budget, made.kind) == (120.0, 2.5, "runpod-pod")
    settings.GPU_SOURCE = "runpod-serverless"
    assert workers.source_config().endpoint is not None
    first = workers.gpu()
    assert (first.name, workers.gpu() is first) == ("runpod-serverless", True)
    workers.close()


def test_a_source_whose_settings_do_not_suffice_says_so(settings: Settings) -> None:
    settings.GPU_SOURCE, settings.RUNPOD_API_KEY = "runpod-pod", ""
    with pytest.raises(BadRequest, match="needs RUNPOD_API_KEY"):
        workers.gpu()
