"""The queues that actors are bound to: in this process, or on Redis for several.

The rows are the truth: what a queue loses, the sweeper gives again.
"""

from __future__ import annotations

import logging
from typing import Any

import dramatiq
from django.conf import settings
from django_dramatiq.middleware import DbConnectionsMiddleware
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import DramatiqError
from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, Retries, ShutdownNotifications, TimeLimit

log = logging.getLogger(__name__)

HERE, ELSEWHERE = "here", "elsewhere"
"""Queues: of first passes, and of refined ones. Whoever waits for a GPU must not keep others from waking up."""
POLL = 200
"""Milliseconds, at most, between two looks at an empty queue."""
HEARTBEAT = 15_000
ALWAYS = 1_000_000
"""Of a million commands: on Dramatiq's own settings what a killed process held came back after nine minutes."""


def configured() -> dramatiq.Broker:
    """What the settings say."""
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
    """Threads that take messages until `stop` is called: one that renders here, which uses every core that
    there is, and as many as the GPU source serves at once.
    """
    threads = {HERE: 1, **({ELSEWHERE: settings.GPU_AT_ONCE} if settings.GPU_SOURCE != "none" else {})}
    workers = [
        dramatiq.Worker(broker, queues={queue}, worker_threads=count, worker_timeout=POLL)
        for queue, count in threads.items()
    ]
    for worker, count in zip(workers, threads.values(), strict=True):
        worker.queue_prefetch = count  # more would wait here while another process has nothing to do
        worker.start()
    return workers


def send(actor: Any, render_id: str) -> bool:
    """Put a message into the queue. False when the queue is away: the sweeper does it later."""
    try:
        actor.send(render_id)
    except away() as error:
        log.warning("the queue is away (%s); render %s waits for the sweeper", error, render_id)
        return False
    return True


def length(queue: str) -> int:
    """How many messages wait in it, without those that are being worked on; 0 when it is away."""
    broker: Any = dramatiq.get_broker()
    if isinstance(broker, StubBroker):
        return int(broker.queues[queue].qsize())
    try:
        return int(broker.client.llen(f"{broker.namespace}:{queue}"))
    except away():
        return 0


def away() -> tuple[type[Exception], ...]:
    """What queue and channel layer raise when Redis is away. Without Redis its client need not be installed."""
    if not settings.REDIS_URL:
        return (OSError, DramatiqError)
    from redis import RedisError

    return (OSError, DramatiqError, RedisError)
