"""One worker a process, made on first use."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from gpuworker.errors import BadRequest
from gpuworker.workers.worker import LocalWorker
from portraits.models import Render
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
    for name in ("current", "sheets", "gpu"):
        monkeypatch.setattr(workers, name, lambda name=name: name)
    first, sheets, refinement = (Render(kind=kind) for kind in ("rig", "sheets", "refinement"))
    settings.GPU_SOURCE = "runpod-pod"
    assert [workers.of(each) for each in (first, sheets, refinement)] == ["current", "sheets", "gpu"]
    settings.GPU_SOURCE = "none"
    assert workers.of(refinement) == "sheets"


def test_first_passes_have_a_process_of_their_own_that_goes_before_those_of_the_sheets(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, object]] = []

    class Noted(LocalWorker):
        def __init__(self, folder: Path, **options: object) -> None:
            made.append(options)

        def close(self) -> None:
            """It has nothing."""

    monkeypatch.setattr(workers, "LocalWorker", Noted)
    assert workers.current() is not workers.sheets()
    assert made == [
        {"size": 1, "niceness": 5, "idle_seconds": None},
        {"size": None, "niceness": 19, "idle_seconds": 120},
    ]
    workers.close()


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
