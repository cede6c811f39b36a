"""Who holds an attempt: says that it lives, and stops it when it was overtaken, cancelled or must be handed back."""

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
"""Seconds between two signs of life."""

_lock = threading.Lock()
_held: set[Reins] = set()


class Reins:
    """stop: set when the work must end, which the worker sees within a second.

    handing_back: whether it ends because this process does; then it waits for another.
    """

    def __init__(self, render: Render, output: Output) -> None:
        self._render_id, self._attempt = render.pk, output.attempt
        self.stop = threading.Event()
        self.handing_back = False
        self._ended = threading.Event()

    def beat(self) -> None:
        """In a thread of its own: whatever the work is waiting for, the lease goes on. A database that is away
        is asked again; nobody else can take the render over while it is.
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
def held(render: Render, output: Output) -> Iterator[Reins]:
    """For as long as the attempt goes on in this process."""
    reins = Reins(render, output)
    thread = threading.Thread(target=reins.beat, name=f"reins-{render.pk}", daemon=True)
    with _lock:
        _held.add(reins)
    thread.start()
    try:
        yield reins
    finally:
        reins.end()
        with _lock:
            _held.discard(reins)
        thread.join()


def count() -> int:
    """How many attempts go on in this process."""
    with _lock:
        return len(_held)


def hand_back_all() -> None:
    """This process ends: what it has not finished waits for another, at once."""
    with _lock:
        for reins in _held:
            reins.handing_back = True
            reins.stop.set()
