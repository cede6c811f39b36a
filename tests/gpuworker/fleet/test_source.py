from __future__ import annotations

from typing import get_args

from gpuworker.clock import ManualClock
from gpuworker.fleet.source import SENTENCES, PhaseTimer, step_of
from gpuworker.workers.worker import Phase


def test_every_phase_has_words_for_a_person() -> None:
    assert list(SENTENCES) == list(get_args(Phase))
    step = step_of("pulling")
    assert (step.phase, step.progress.stage, step.files) == ("pulling", "starting", ())
    assert step.progress.message == SENTENCES["pulling"]


def test_the_time_of_each_phase_is_recorded() -> None:
    clock = ManualClock()
    timer = PhaseTimer(clock)
    assert timer.enter("provisioning")
    clock.advance(5)
    assert not timer.enter("provisioning")
    clock.advance(5)
    assert timer.enter("pulling")
    clock.advance(60.25)
    timer.enter("provisioning")
    clock.advance(1)
    timer.leave()
    timer.leave()
    assert timer.seconds == {"provisioning": 11.0, "pulling": 60.25}
