"""Services of the embedded site, beside its web server: upload validation and rendering in one process tree.

The first Ctrl-C or SIGTERM stops all of it in order. Killed, nothing is lost: the state is in the database, and the
next start takes up what was under way.
"""

from __future__ import annotations

import logging
from pathlib import Path

from gazesite.processes.rendering_services import RenderingServices
from gazesite.processes.scratch import empty_scratch
from portraits.models import Render, Upload
from portraits.sharing import looks
from portraits.uploads import validation

log = logging.getLogger(__name__)


def recover() -> None:
    """Void what the site's last run left: leases, uploads that never arrived, scratch files.

    At this moment no process of the site is at work.
    """
    empty_scratch()
    void = Render.objects.void_leases()
    lost = Upload.objects.filter(stored=False).update(created_at=Upload.LONG_AGO)
    if void or lost:
        log.warning("taking up %d renders; %d uploads never arrived", void, lost)


class EmbeddedServices:
    """Everything but the web server, started and stopped together."""

    def __init__(self, demo_photo: Path | None) -> None:
        self._rendering = RenderingServices(demo_photo)
        self._looks = looks.Writer()

    def start(self) -> None:
        recover()
        validation.start()
        self._rendering.start()
        self._looks.start()

    def stop(self) -> None:
        """Stop at once. Renders that are under way are left to the next start."""
        self._looks.stop()
        self._rendering.stop()
        validation.stop()
