"""What must come true although a process died: at start and every 15 s."""

from __future__ import annotations

import logging
import threading

from django.db import OperationalError, close_old_connections

from gpuworker.errors import WorkerDied
from portraits import dispatch, progress, removal
from portraits.models import Portrait, Render, Upload

log = logging.getLogger(__name__)

SECONDS = 15.0


def sweep() -> None:
    """Queued renders are given again, silent ones taken back, what is to be gone is deleted. Safe at any time."""
    for render in Render.objects.expired():
        if render.give_up(WorkerDied()):
            log.warning("render %s was given up after %d attempts", render.pk, render.attempt)
            progress.publish(render.session_id)
    for render in [*Render.objects.expired(), *Render.objects.waiting()]:
        dispatch.enqueue(render)
    for upload in Upload.objects.stale():
        removal.remove_upload(upload)
    for portrait in Portrait.objects.expired():
        removal.remove_portrait(portrait)
    removal.erase_pending()


def run_until(stopped: threading.Event) -> None:
    """In a thread of its own. A database that is away for a moment is asked again next time."""
    while True:
        close_old_connections()
        try:
            sweep()
        except (OperationalError, OSError):
            log.exception("the sweeper could not finish; it tries again in %d s", SECONDS)
        finally:
            close_old_connections()
        if stopped.wait(SECONDS):
            return
