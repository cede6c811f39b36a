"""One worker a process, made on first use."""

from __future__ import annotations

from pathlib import Path

from pytest_django import Settings

from portraits import workers


def test_the_worker_is_made_once_and_anew_after_it_was_closed(settings: Settings, tmp_path: Path) -> None:
    settings.SCRATCH_DIR = tmp_path / "not there yet"
    first = workers.current()
    assert workers.current() is first
    assert (tmp_path / "not there yet").is_dir()
    workers.close()
    workers.close()
    assert workers.current() is not first
    workers.close()
