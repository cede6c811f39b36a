"""A cold start, phase by phase, in words."""

from __future__ import annotations

import pytest

from portraits.rendering.phases import PhaseLog


def test_each_phase_is_told_once_it_is_over_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("portraits.rendering.phases.time.monotonic", lambda: now[0])
    log = PhaseLog()
    told = []
    for phase, passes in [("provisioning", 2.0), ("provisioning", 3.0), ("booting", 1.5), (None, 9.0), (None, 9.0)]:
        told.extend(log.note(phase))
        now[0] += passes
    assert told == ["Renting a GPU: 5.0 s", "The GPU machine starts: 1.5 s"]


def test_a_warm_machine_has_nothing_to_tell() -> None:
    assert list(PhaseLog().note(None)) == []
