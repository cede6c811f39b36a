"""The Chromium that comes as a package."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest

from tests import chromium


def test_processes_that_need_it_at_once_fetch_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[Path] = []
    together = Barrier(2)

    def fetch(unpacked: Path) -> None:
        fetched.append(unpacked)
        Event().wait(0.2)  # in which the other would begin as well
        unpacked.mkdir()

    def ask(_: int) -> chromium.Chromium:
        together.wait(timeout=60)
        return chromium.packaged()

    monkeypatch.setattr(chromium, "BUILD", tmp_path / "build")
    monkeypatch.setattr(chromium, "_fetch", fetch)
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(ask, range(2))
    assert first == second
    assert fetched == [tmp_path / "build" / "unpacked"]
