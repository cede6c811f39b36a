"""Command `manage.py work`: the worker processes, beside any number of web processes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gazesite.observability import metrics
from gazesite.processes import worker_process
from gazesite.processes.supervisor import Command as ChildCommand
from gazesite.processes.supervisor import Supervisor, manage_command

DEMO_PHOTO = Path(settings.BASE_DIR) / "static" / "site" / "demo.jpg"


class Command(BaseCommand):
    help = "Take renders from the queue on Redis. SIGTERM or Ctrl-C stops it without losing any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, default=settings.WORK_PROCESSES)
        parser.add_argument("--no-demo", action="store_true", help="do not render the home page's portrait")
        parser.add_argument("--one", type=int, metavar="N", help="be the process of that number (used by this command)")

    def handle(self, *args: Any, processes: int, no_demo: bool, one: int | None, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("REDIS_URL is not set; `manage.py serve` then renders in its own process tree.")
        if one is not None:
            if Path(settings.SCRATCH_DIR).name != scratch_name(one):
                raise CommandError("`--one` is for the processes that `manage.py work` starts itself.")
            self._run_one(one, None if no_demo or one else DEMO_PHOTO)
            return
        more = ["--no-demo"] if no_demo else []
        supervisor = Supervisor([child_command(number, *more) for number in range(processes)])
        if not supervisor.run(settings.WORK_GRACE + worker_process.HAND_BACK_SECONDS + 10):
            raise CommandError("A process had to be killed; what it worked on is taken up by others.")

    def _run_one(self, number: int, demo_photo: Path | None) -> None:
        """Run one of the processes. Its metrics have the port METRICS_PORT plus its number."""
        port = settings.METRICS_PORT and settings.METRICS_PORT + number
        try:
            with metrics.listening(settings.METRICS_HOST, port):
                worker_process.run(demo_photo)
        except metrics.MetricsPortError as error:
            raise CommandError(str(error)) from error


def child_command(number: int, *options: str) -> ChildCommand:
    """Command of the process of that number, which has a scratch folder of its own."""
    return ChildCommand(manage_command("work", f"--one={number}", *options), {"SCRATCH_NAME": scratch_name(number)})


def scratch_name(number: int) -> str:
    return f"job-{number}"
