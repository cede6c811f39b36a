"""Lease of an attempt: its heartbeat, and the signal to stop once it was overtaken, cancelled or must be handed back.

Claiming a render begins its lease, and the heartbeat alone renews it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from portraits.models import Output, Render
from portraits.models.render import LEASE

log = logging.getLogger(__name__)

BEAT = LEASE.total_seconds() / 4
"""Seconds between two heartbeats."""

_lock = threading.Lock()
_held: set[Lease] = set()


class Lease:
    """Lease that this process holds on a render for one attempt."""

    def __init__(self, render: Render, output: Output) -> None:
        self._render_id, self._attempt = render.pk, output.attempt
        self._ended = threading.Event()
        self.stop = threading.Event()
        """Set when the work must end, which the worker sees within a second."""
        self.handing_back = False
        """Whether the work ends because this process does, so that the render waits for another."""

    def beat(self) -> None:
        """Renew the lease until it ends, in a thread of its own, so that it goes on whatever the work waits for.

        A database that is away is asked again; no other process can take the render over while it is.
        """
        while not self._ended.wait(BEAT):
            try:
                if not Render(pk=self._render_id).renew(self._attempt):
                    self.stop.set()
            except DatabaseError:
                log.warning("render %s could not renew its lease", self._render_id, exc_info=True)
            finally:
                connection.close()

    def end(self) -> None:
        self._ended.set()


@contextmanager
def held(render: Render, output: Output) -> Iterator[Lease]:
    """Hold the lease for as long as the attempt goes on in this process."""
    lease = Lease(render, output)
    heartbeat = threading.Thread(target=lease.beat, name=f"lease-{render.pk}", daemon=True)
    with _lock:
        _held.add(lease)
    heartbeat.start()
    try:
        yield lease
    finally:
        lease.end()
        with _lock:
            _held.discard(lease)
        heartbeat.join()


def count() -> int:
    """Number of attempts that go on in this process."""
    with _lock:
        return len(_held)


def hand_back_all() -> None:
    """Stop all attempts, because this process ends: each render that is not finished waits for another, at once."""
    with _lock:
        for lease in _held:
            lease.handing_back = True
            lease.stop.set()
