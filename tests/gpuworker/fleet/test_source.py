from __future__ import annotations

from typing import get_args

from gpuworker.clock import ManualClock
from gpuworker.fleet.source import SENTENCES, PhaseWatch, step_of
from gpuworker.workers.worker import Phase


def test_every_phase_has_words_for_a_person() -> None:
    assert list(SENTENCES) == list(get_args(Phase))
    step = step_of("pulling")
    assert (step.phase, step.progress.stage, step.files) == ("pulling", "starting", ())
    assert step.progress.message == SENTENCES["pulling"]


def test_the_time_of_each_phase_is_recorded() -> None:
    clock = ManualClock()
    watch = PhaseWatch(clock)
    assert watch.enter("provisioning")
    clock.advance(5)
    assert not watch.enter("provisioning")
    clock.advance(5)
    assert watch.enter("pulling")
    clock.advance(60.25)
    watch.enter("provisioning")
    clock.advance(1)
    watch.leave()
    watch.leave()
    assert watch.seconds == {"provisioning": 11.0, "pulling": 60.25}
