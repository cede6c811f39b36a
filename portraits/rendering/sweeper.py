"""Work that must be done although a process died: at start, every few seconds for renders, less often for the rest.

Every job process has one, and they do not know of each other: whatever one does twice, or two do at
once, is done once.
"""

from __future__ import annotations

import logging
import threading
from typing import get_args

from django.db import DatabaseError, close_old_connections

from gpuworker.errors import WorkerDied
from portraits import deletion
from portraits.live import publisher
from portraits.models import Portrait, Render, Upload
from portraits.queue import broker, scheduling
from portraits.rendering import dispatch

log = logging.getLogger(__name__)

SECONDS = 4.0
"""Between two looks at the renders: with models.render.LEASE, how soon a dead process's render goes on."""
CLEANING = 4
"""Every so many looks, what is to be gone is deleted."""
MOST_AT_ONCE = 100


def sweep() -> None:
    """Everything, once. Safe at any time."""
    sweep_renders()
    clean()


def sweep_renders() -> None:
    """Renders that fell silent for good are given up, those that the queue has lost are queued again."""
    for render in Render.objects.expired():
        if render.give_up(WorkerDied()):
            log.warning("render %s was given up after %d attempts", render.pk, render.attempt)
            publisher.publish(render.session_id)
    for lane in get_args(scheduling.Lane):
        known = broker.length(lane)
        for render in scheduling.in_turn(lane)[known : known + MOST_AT_ONCE]:
            dispatch.enqueue(render)


def clean() -> None:
    """Deletes what is to be gone: MOST_AT_ONCE at a time, as renders of dead processes wait for the next look."""
    for upload in Upload.objects.stale().order_by("created_at")[:MOST_AT_ONCE]:
        deletion.remove_upload(upload)
    for portrait in Portrait.objects.expired().order_by("expires_at")[:MOST_AT_ONCE]:
        deletion.remove_portrait(portrait)
    deletion.erase_pending(MOST_AT_ONCE)


def run_until(stopped: threading.Event) -> None:
    """Sweep in a thread of its own. A database or storage that is away for a moment is asked again next time."""
    looks = 0
    while True:
        close_old_connections()
        try:
            sweep_renders()
            if looks % CLEANING == 0:
                clean()
        except (DatabaseError, OSError):
            log.exception("the sweeper could not finish; it tries again in %d s", SECONDS)
        finally:
            close_old_connections()
        looks += 1
        if stopped.wait(SECONDS):
            return
