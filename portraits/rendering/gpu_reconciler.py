"""Looks after what the GPU source has rented: stops what is idle, stuck or too dear.

In a thread of its own, because a provider may take its time to answer. Every job process does it, and
they do not know of each other.
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


def start(stopped: threading.Event) -> None:
    """Until `stopped`; nothing where there is no GPU source."""
    if settings.GPU_SOURCE != "none":
        threading.Thread(target=run_until, args=(stopped,), name="tending", daemon=True).start()


def run_until(stopped: threading.Event) -> None:
    """A provider that does not answer is asked again next time."""
    while not stopped.wait(SECONDS):
        close_old_connections()
        try:
            workers.gpu().tend()
        except RenderError as error:
            log.warning("the GPU source could not be tended: %s %s", error.sentence, error.details)
        except (DatabaseError, OSError):
            log.exception("the GPU source could not be tended; it is tried again in %d s", SECONDS)
        finally:
            close_old_connections()
