"""Reconciler of rented GPUs: it goes on, whatever the provider answers."""

from __future__ import annotations

import threading

import pytest
from pytest_django import Settings

from gpuworker.errors import WorkerLost
from portraits.rendering import gpu_reconciler, workers


def test_a_provider_that_does_not_answer_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stopped, asked = threading.Event(), []

    class Source:
        def reconcile(self) -> None:
            asked.append(True)
            if len(asked) == 3:
                stopped.set()
            raise (WorkerLost if len(asked) == 1 else OSError)("away")

    monkeypatch.setattr(gpu_reconciler, "SECONDS", 0.0)
    monkeypatch.setattr(gpu_reconciler, "close_old_connections", lambda: None)
    monkeypatch.setattr(workers, "gpu", Source)
    gpu_reconciler.run_until(stopped)
    assert len(asked) == 3
    assert "could not be reconciled" in caplog.text


def test_without_a_gpu_source_there_is_nothing_to_tend(settings: Settings) -> None:
    settings.GPU_SOURCE = "none"
    before = threading.active_count()
    gpu_reconciler.start(threading.Event())
    assert threading.active_count() == before
