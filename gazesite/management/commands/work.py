"""`manage.py work`: the processes that render, beside any number of web processes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gazesite.observability import metrics
from gazesite.processes import worker_process
from gazesite.processes.supervisor import Supervisor, manage

DEMO_PHOTO = Path(settings.BASE_DIR) / "static" / "site" / "demo.jpg"


class Command(BaseCommand):
    help = "Take renders from the queue on Redis. SIGTERM or Ctrl-C stops it without losing any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, default=settings.WORK_PROCESSES)
        parser.add_argument("--no-demo", action="store_true", help="do not render the home page's portrait")
        parser.add_argument("--one", type=int, metavar="N", help="be the process of that number (used by the others)")

    def handle(self, *args: Any, processes: int, no_demo: bool, one: int | None, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("REDIS_URL is not set; `manage.py serve` then renders in its own process tree.")
        if one is not None:
            worker_process.own_scratch(f"job-{one}")
            self._be(one, None if no_demo or one else DEMO_PHOTO)
            return
        more = ["--no-demo"] if no_demo else []
        supervisor = Supervisor([manage("work", f"--one={number}", *more) for number in range(processes)])
        if not supervisor.run(settings.WORK_GRACE + worker_process.HAND_BACK_SECONDS + 10):
            raise CommandError("A process had to be killed; what it worked on is taken up by others.")

    def _be(self, number: int, demo_photo: Path | None) -> None:
        """One of the processes. Its metrics have a port of their own: METRICS_PORT and its number together."""
        port = settings.METRICS_PORT and settings.METRICS_PORT + number
        try:
            with metrics.listening(settings.METRICS_HOST, port):
                worker_process.run(demo_photo)
        except metrics.PortTakenError as error:
            raise CommandError(str(error)) from error
