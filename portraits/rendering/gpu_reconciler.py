"""Reconciler of rented GPUs: a thread that has the GPU source stop machines that are idle, stuck or too dear.

It is a thread of its own, because a provider may take its time to answer. Every job process has one, and they do not
know of each other.
"""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from gpuworker.errors import RenderError
from portraits.rendering import workers

log = logging.getLogger(__name__)

SECONDS = 30.0
"""Pause between two reconciliations."""


def start(stopped: threading.Event) -> None:
    """Start the thread, which ends at `stopped`; none where there is no GPU source."""
    if settings.GPU_SOURCE != "none":
        threading.Thread(target=run_until, args=(stopped,), name="gpu-reconciler", daemon=True).start()


def run_until(stopped: threading.Event) -> None:
    """Loop of the thread. A provider that does not answer is asked again next time."""
    while not stopped.wait(SECONDS):
        close_old_connections()
        try:
            workers.gpu().reconcile()
        except RenderError as error:
            log.warning("the GPU source could not be reconciled: %s %s", error.sentence, error.details)
        except (DatabaseError, OSError):
            log.exception("the GPU source could not be reconciled; it is tried again in %d s", SECONDS)
        finally:
            close_old_connections()
