"""Dramatiq brokers of the queues that actors are bound to: in this process, or on Redis for several.

The rows are the truth: a message that a queue loses, the sweeper sends again.
"""

from __future__ import annotations

import logging
from typing import Any, Final, Literal

import dramatiq
from django.conf import settings
from django.db import transaction
from django_dramatiq.middleware import DbConnectionsMiddleware
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import DramatiqError
from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, Retries, ShutdownNotifications, TimeLimit

log = logging.getLogger(__name__)

QueueName = Literal["rig", "sheets", "refinement"]
"""Name of a queue, that of the kind of its renders (models.Render.Kind). None of them waits for another."""
RIG: Final = "rig"
SHEETS: Final = "sheets"
REFINEMENT: Final = "refinement"
POLL = 200
"""Milliseconds, at most, between two reads of an empty queue."""
HEARTBEAT = 15_000
"""Milliseconds without a sign of life after which Dramatiq takes a process for dead."""
ALWAYS = 1_000_000
"""Maintenance before each command, in commands of a million: by default it took nine minutes to find a dead one's."""


def configured() -> dramatiq.Broker:
    """Broker that the settings name."""
    return on_redis(settings.REDIS_URL) if settings.REDIS_URL else embedded()


def embedded() -> StubBroker:
    """Queues in memory."""
    broker = StubBroker(middleware=_middleware())
    broker.emit_after("process_boot")  # without it, time limits do nothing
    return broker


def on_redis(url: str) -> dramatiq.Broker:
    """Queues that several processes share. Nothing is asked of Redis yet."""
    from dramatiq.brokers.redis import RedisBroker
    from redis import ConnectionPool, Redis

    pool = ConnectionPool.from_url(url, socket_connect_timeout=2, socket_timeout=5)
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=Redis(connection_pool=pool),
        middleware=_middleware(),
        namespace="gaze",
        heartbeat_timeout=HEARTBEAT,
        maintenance_chance=ALWAYS,
    )


def _middleware() -> list[dramatiq.Middleware]:
    stages = [AgeLimit(), TimeLimit(), ShutdownNotifications(), Callbacks(), Pipelines(), Retries(max_retries=3)]
    return [*stages, DbConnectionsMiddleware()]


def start_worker(broker: dramatiq.Broker) -> list[dramatiq.Worker]:
    """Start threads that take messages until `stop` is called on them.

    First passes and sheets have one each, because each has one worker of this process (rendering/workers.py); for the
    GPU there are as many as its source serves at once.
    """
    threads = {RIG: 1, SHEETS: 1, **({REFINEMENT: settings.GPU_AT_ONCE} if settings.GPU_SOURCE != "none" else {})}
    broker.logger.setLevel(logging.ERROR)  # it warns of every worker after the first, as if there should be one
    workers = [
        dramatiq.Worker(broker, queues={queue}, worker_threads=count, worker_timeout=POLL)
        for queue, count in threads.items()
    ]
    for worker, count in zip(workers, threads.values(), strict=True):
        worker.queue_prefetch = count  # more would wait here while another process has nothing to do
        worker.start()
    return workers


def send(actor: Any) -> bool:
    """Put a message into the actor's queue. False when the queue is away: the sweeper does it later."""
    try:
        actor.send()
    except away() as error:
        log.warning("the queue is away (%s); %s waits for the sweeper", error, actor.actor_name)
        return False
    return True


def enqueue(queue: QueueName) -> None:
    """Send on commit a message that a render waits. It is a hint: if it is lost, the sweeper sends another."""
    transaction.on_commit(lambda: send(dramatiq.get_broker().get_actor(queue)))


def length(queue: str) -> int:
    """Number of messages that wait in it, without those that are being worked on; 0 when it is away."""
    broker: Any = dramatiq.get_broker()
    if isinstance(broker, StubBroker):
        return int(broker.queues[queue].qsize())
    try:
        return int(broker.client.llen(f"{broker.namespace}:{queue}"))
    except away():
        return 0


def away() -> tuple[type[Exception], ...]:
    """Exceptions of queue and channel layer while Redis is away. Without Redis its client need not be installed."""
    if not settings.REDIS_URL:
        return (OSError, DramatiqError)
    from redis import RedisError

    return (OSError, DramatiqError, RedisError)
