"""The embedded queue really runs actors on threads of this process."""

from __future__ import annotations

import threading

import dramatiq
import pytest
from pytest_django import Settings

from portraits.queue import broker
from portraits.rendering import actors


def test_a_message_is_worked_off_on_a_thread_and_its_time_limit_bites() -> None:
    queue = broker.embedded()
    done, ended = threading.Event(), threading.Event()

    @dramatiq.actor(broker=queue, time_limit=200, max_retries=0, actor_name="slow", queue_name=broker.RIG)
    def slow() -> None:
        try:
            while not done.wait(0.01):
                pass
        finally:
            ended.set()

    workers = broker.start_worker(queue)
    try:
        slow.send()
        assert ended.wait(60)
    finally:
        done.set()
        for worker in workers:
            worker.stop()


def test_renders_are_bound_to_the_embedded_queue() -> None:
    assert isinstance(dramatiq.get_broker(), dramatiq.brokers.stub.StubBroker)
    assert actors.run_first_pass.actor_name in dramatiq.get_broker().get_declared_actors()


@pytest.mark.parametrize(
    ("actor", "limit"),
    [
        (actors.run_first_pass, actors.FOUR_MINUTES),
        (actors.run_sheets, actors.TWENTY_MINUTES),
        (actors.run_refinement, actors.TWO_HOURS),
    ],
    ids=["first pass", "sheets", "refinement"],
)
def test_each_actor_has_its_limits(actor: dramatiq.Actor[[], None], limit: int) -> None:
    """The rows retry, not the queue: a message must not come back by itself."""
    assert (actor.options["time_limit"], actor.options["max_retries"]) == (limit, 0)
    assert actor.actor_name == actor.queue_name


def test_each_queue_has_threads_of_its_own(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.GPU_AT_ONCE = 3
    for source, queues in (("none", {"rig": 1, "sheets": 1}), ("url", {"rig": 1, "sheets": 1, "refinement": 3})):
        settings.GPU_SOURCE = source
        workers = broker.start_worker(broker.embedded())
        try:
            assert {next(iter(each.consumer_whitelist)): each.worker_threads for each in workers} == queues
        finally:
            for each in workers:
                each.stop()
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == []


def test_redis_is_not_asked_before_there_is_anything_to_send() -> None:
    queue = broker.on_redis("redis://127.0.0.1:1/0")
    assert (queue.heartbeat_timeout, queue.maintenance_chance) == (15_000, 1_000_000)


def test_a_queue_that_is_away_is_said_and_not_raised(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    queue = broker.configured()

    @dramatiq.actor(broker=queue, queue_name=broker.RIG, actor_name="nothing")
    def nothing() -> None:
        """It never arrives."""

    assert not broker.send(nothing)


def test_the_length_is_that_of_the_queue_in_memory() -> None:
    dramatiq.get_broker().flush(broker.RIG)
    dramatiq.get_broker().flush(broker.RIG)
    actors.run_first_pass.send()
    assert broker.length(broker.RIG) == 1
    dramatiq.get_broker().flush(broker.RIG)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_no_message_of_an_earlier_test_is_left(turn: str) -> None:
    assert broker.length(broker.RIG) == 0
    broker.send(actors.run_first_pass)
    assert broker.length(broker.RIG) == 1
