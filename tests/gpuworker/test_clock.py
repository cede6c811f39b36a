from __future__ import annotations

import threading
import time

import pytest

from gpuworker.clock import SYSTEM, ManualClock, SystemClock
from gpuworker.errors import Cancelled


def test_the_system_clock_tells_the_time_and_waits() -> None:
    began = SYSTEM.now()
    assert began == pytest.approx(time.time(), abs=60)
    SYSTEM.wait(0.01)
    assert SYSTEM.now() - began >= 0.01


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()])
def test_waiting_ends_at_a_cancellation(clock: SystemClock | ManualClock) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        clock.wait(3600, cancelled)


def test_a_correction_of_the_systems_clock_does_not_move_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: before + 3600)
    assert clock.now() - before < 1800


def test_on_the_manual_clock_an_hour_passes_at_once() -> None:
    clock = ManualClock(1000.0)
    clock.wait(3600)
    clock.advance(0.5)
    assert clock.now() == 4600.5
