"""Sweeper for work that must be done although a process died: renders every few seconds, the rest less often.

Every job process has one, and they do not know of each other: an action that one repeats, or two take at once, is
done once.
"""

from __future__ import annotations

import logging
import threading
from typing import get_args

from django.db import DatabaseError, close_old_connections

from gpuworker.errors import WorkerDied
from portraits import deletion
from portraits.live import publisher
from portraits.models import Portrait, Render, Upload, User
from portraits.queue import broker, scheduling

log = logging.getLogger(__name__)

SECONDS = 4.0
"""Pause between two sweeps of the renders: with models.render.LEASE, how soon a dead process's render goes on."""
CLEANING = 4
"""Sweeps of the renders from one cleaning to the next."""
MOST_AT_ONCE = 100
"""Most messages, and most rows of each kind that are deleted, in one sweep."""


def sweep() -> None:
    """Sweep renders and clean, once. Safe at any time."""
    sweep_renders()
    clean()


def sweep_renders() -> None:
    """Give up renders that fell silent for good, and send again the messages that the queues have lost."""
    for render in Render.objects.expired():
        if render.give_up(WorkerDied()):
            log.warning("render %s was given up after %d attempts", render.pk, render.attempt)
            publisher.publish(render.session_id)
    for queue in get_args(broker.QueueName):
        waiting = scheduling.in_turn(queue).count()
        for _ in range(min(waiting - broker.length(queue), MOST_AT_ONCE)):
            broker.enqueue(queue)


def clean() -> None:
    """Delete what is to be gone: MOST_AT_ONCE at a time, because renders of dead processes wait for the next sweep."""
    for upload in Upload.objects.stale().order_by("created_at")[:MOST_AT_ONCE]:
        deletion.delete_upload(upload)
    for portrait in Portrait.objects.expired().order_by("expires_at")[:MOST_AT_ONCE]:
        deletion.delete_portrait(portrait)
    for guest in User.objects.ended_guests().order_by("guest_until")[:MOST_AT_ONCE]:
        deletion.delete_ended_guest(guest)
    deletion.delete_pending_files(MOST_AT_ONCE)


def run_until(stopped: threading.Event) -> None:
    """Loop of the sweeper's thread. A database or storage that is away for a moment is asked again next time."""
    sweeps = 0
    while True:
        close_old_connections()
        try:
            sweep_renders()
            if sweeps % CLEANING == 0:
                clean()
        except (DatabaseError, OSError):
            log.exception("the sweeper could not finish; it tries again in %d s", SECONDS)
        finally:
            close_old_connections()
        sweeps += 1
        if stopped.wait(SECONDS):
            return
