"""The queue that actors are bound to. Embedded, it lives in this process and its worker threads too."""

from __future__ import annotations

import dramatiq
from django_dramatiq.middleware import DbConnectionsMiddleware
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, Retries, ShutdownNotifications, TimeLimit

THREADS = 1
"""Renders at a time: each one uses every core that there is."""


def embedded() -> StubBroker:
    """A queue in memory: the rows are the truth, so nothing is lost with it."""
    stages = [AgeLimit(), TimeLimit(), ShutdownNotifications(), Callbacks(), Pipelines(), Retries(max_retries=3)]
    broker = StubBroker(middleware=[*stages, DbConnectionsMiddleware()])
    broker.emit_after("process_boot")  # without it, time limits do nothing
    return broker


def start_worker(broker: dramatiq.Broker) -> dramatiq.Worker:
    """Threads that take messages until `stop` is called."""
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=100)
    worker.start()
    return worker
