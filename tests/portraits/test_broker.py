"""The embedded queue really runs actors on threads of this process."""

from __future__ import annotations

import threading

import dramatiq
import pytest

from portraits import actors, broker


def test_a_message_is_worked_off_on_a_thread_and_its_time_limit_bites() -> None:
    queue = broker.embedded()
    done, ended = threading.Event(), threading.Event()

    @dramatiq.actor(broker=queue, time_limit=200, max_retries=0, actor_name="slow", queue_name=broker.HERE)
    def slow() -> None:
        try:
            while not done.wait(0.01):
                pass
        finally:
            ended.set()

    workers = broker.start_worker(queue)
    try:
        slow.send()
        assert ended.wait(10)
    finally:
        done.set()
        for worker in workers:
            worker.stop()


def test_renders_are_bound_to_the_embedded_queue() -> None:
    assert isinstance(dramatiq.get_broker(), dramatiq.brokers.stub.StubBroker)
    assert actors.run_render.actor_name in dramatiq.get_broker().get_declared_actors()


@pytest.mark.parametrize("limit", ["time_limit", "max_retries"])
def test_the_render_actor_has_its_limits(limit: str) -> None:
    """The rows retry, not the queue: a message must not come back by itself."""
    assert actors.run_render.options[limit] == {"time_limit": actors.FOUR_MINUTES, "max_retries": 0}[limit]
