from __future__ import annotations

from gpuworker.fleet.pod_spec import GPUS, Deadlines, PodSpec


def test_a_4090_is_asked_for_first_and_others_after_it() -> None:
    assert GPUS[0] == "NVIDIA GeForce RTX 4090"
    assert len(GPUS) > 2
    assert PodSpec("org/worker:1").gpus == GPUS


def test_a_first_pull_of_twenty_minutes_is_waited_for_and_ten_idle_ones_are_not() -> None:
    deadlines = Deadlines()
    assert deadlines.starting > 20 * 60
    assert deadlines.answering > 60
    assert deadlines.idle == 600
    assert deadlines.worker_idle > deadlines.idle
