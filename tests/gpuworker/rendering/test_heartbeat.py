"""Signs of life, and when their absence means that a process must be replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from gpuworker.rendering import heartbeat
from gpuworker.rendering.heartbeat import (
    BOOT_SECONDS,
    ENDLESS_SECONDS,
    SILENT_SECONDS,
    STALLED_SECONDS,
    HangDetector,
    Heartbeat,
)
from gpuworker.rendering.messages import Alive, Done, Ready

BY_WHEN_IT_IS_REPLACED = 10.0


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Connection, Connection]]:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    ours, theirs = Pipe()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_process_at_work_beats_and_one_with_nothing_to_do_is_silent(pipe: tuple[Connection, Connection]) -> None:
    ours, theirs = pipe
    heart = Heartbeat.started(theirs)
    assert isinstance(ours.recv(), Alive)
    heart.end()
    heart.send(Done(1))
    while not isinstance(ours.recv(), Done):
        pass
    assert not ours.poll(0.1)
    heart.begin()
    heart.advance()
    while ours.recv().frames != 1:
        pass


def test_a_heart_whose_parent_has_gone_stops_quietly(pipe: tuple[Connection, Connection]) -> None:
    ours, theirs = pipe
    Heartbeat.started(theirs)
    ours.close()
    threads = [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def judged(
    hang_detector: HangDetector, seconds: float, beat: bool, frames: int = 0, cpu: float = 0.0
) -> tuple[str | None, float]:
    """Reason and seconds until a process that beats each second, or not, and gets on by so much is found to hang."""
    passed, heard = 0.0, Alive(0, 0.0)
    while passed < seconds:
        passed += 1.0
        if beat:
            heard = Alive(heard.frames + frames, heard.cpu_seconds + cpu)
            hang_detector.hear(heard)
        why = hang_detector.wait(0.9)
        if why is not None:
            return why, passed
    return None, passed


@pytest.fixture
def hang_detector() -> HangDetector:
    """HangDetector over a process that has loaded and has just got a task."""
    this = HangDetector()
    this.hear(Ready())
    this.begin()
    return this


def test_one_that_was_stopped_is_found_within_ten_seconds(hang_detector: HangDetector) -> None:
    why, seconds = judged(hang_detector, 100, beat=False)
    assert why == "gives no sign of life"
    assert seconds < BY_WHEN_IT_IS_REPLACED
    assert SILENT_SECONDS < BY_WHEN_IT_IS_REPLACED


def test_one_whose_threads_wait_for_each_other_is_found_within_ten_seconds(hang_detector: HangDetector) -> None:
    why, seconds = judged(hang_detector, 100, beat=True, cpu=0.001)
    assert why == "does nothing"
    assert seconds <= BY_WHEN_IT_IS_REPLACED
    assert STALLED_SECONDS < BY_WHEN_IT_IS_REPLACED


def test_one_that_calculates_for_ever_is_found_after_two_minutes(hang_detector: HangDetector) -> None:
    why, seconds = judged(hang_detector, 300, beat=True, cpu=0.9)
    assert why == "does not come to an end"
    assert seconds == pytest.approx(ENDLESS_SECONDS, rel=0.2)


@pytest.mark.parametrize(("frames", "cpu"), [(1, 0.0), (1, 0.9)], ids=["without CPU time", "with it"])
def test_one_that_draws_a_frame_now_and_then_works(hang_detector: HangDetector, frames: int, cpu: float) -> None:
    assert judged(hang_detector, 1000, beat=True, frames=frames, cpu=cpu)[0] is None


def test_one_that_gets_little_cpu_time_on_a_busy_machine_works(hang_detector: HangDetector) -> None:
    assert judged(hang_detector, 100, beat=True, cpu=0.02)[0] is None


def test_one_that_waits_for_its_gpu_takes_no_cpu_time_and_works() -> None:
    waits_for_device = HangDetector(waits_for_device=True)
    waits_for_device.hear(Ready())
    assert judged(waits_for_device, 100, beat=True)[0] is None


def test_python_itself_may_take_longer_to_start() -> None:
    why, seconds = judged(HangDetector(), 100, beat=False)
    assert why == "gives no sign of life"
    assert seconds == pytest.approx(BOOT_SECONDS, rel=0.2)


def test_loading_takes_as_long_as_it_takes_while_there_are_signs_of_life() -> None:
    assert judged(HangDetector(), 1000, beat=True)[0] is None


def test_time_before_a_task_does_not_count(hang_detector: HangDetector) -> None:
    hang_detector.wait(SILENT_SECONDS - 1)
    hang_detector.begin()
    assert hang_detector.wait(SILENT_SECONDS - 1) is None
