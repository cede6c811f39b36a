"""Command `manage.py gpu start|status|logs -f|stop`: the state of the site's GPU, and its start and stop by hand."""

from __future__ import annotations

import queue
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gazesite.dry_run import dry_run
from gpuworker.errors import RenderError
from gpuworker.fleet.runpod import AmbiguousResponse, Problem, RunPod, refusal
from gpuworker.fleet.source import Status
from portraits.rendering import workers

POLL_SECONDS = 2.0
OFF_SECONDS = 45.0
"""Time without a machine after which the command gives up; the log says why there is none."""
QUIET_SECONDS = 3.0
"""Time without a new line after which a log that is not followed has been read."""
TAIL = 100
"""Lines of the log that are shown at first."""


class Command(BaseCommand):
    help = "Start, look at, follow or stop the GPU that the settings name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        start = commands.add_parser("start", help="rent it and wait until it is warm; it ends by itself when idle")
        start.add_argument("--dry-run", action="store_true", help="print the requests, secrets masked, and send none")
        commands.add_parser("status", help="what runs, what it costs and what was spent today")
        logs = commands.add_parser("logs", help="the pod's log")
        logs.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
        commands.add_parser("stop", help="stop everything that costs, whatever it is doing")

    def handle(self, *args: Any, command: str, **options: Any) -> None:
        if settings.GPU_SOURCE == "none":
            raise CommandError("No GPU is configured: GPU_SOURCE is not set.")
        try:
            match command:
                case "start" if options["dry_run"]:
                    self._dry_run()
                case "start":
                    self._start()
                case "status":
                    self._print_status(workers.gpu().status())
                case "logs":
                    self._logs(follow=options["follow"])
                case "stop":
                    workers.gpu().stop()
                    self._print_status(workers.gpu().status())
        except KeyboardInterrupt:
            self.stderr.write("Left; what was begun goes on.")
        except RenderError as error:
            raise CommandError(_sentence(error)) from error
        finally:
            workers.close()

    def _print_status(self, status: Status) -> None:
        self.stdout.write(describe(status))

    def _dry_run(self) -> None:
        config = workers.source_config()
        if config.pod is None:
            raise CommandError(f"{settings.GPU_SOURCE} rents nothing beforehand, so that nothing would be sent.")
        dry_run(config, config.pod, lambda request: self.stdout.write(f"{request}\n"))

    def _start(self) -> None:
        """Start it and wait until it is ready. The GPU source logs what goes wrong."""
        source = workers.gpu()
        source.warm()
        printed, off_since = "", time.monotonic()
        while True:
            status = source.status()
            if status.message != printed:
                printed = status.message
                self._print_status(status)
            if status.phase == "ready":
                return
            if status.phase != "off":
                off_since = time.monotonic()
            elif time.monotonic() - off_since > OFF_SECONDS:
                raise CommandError("No GPU could be started. The lines above say why.")
            time.sleep(POLL_SECONDS)

    def _logs(self, *, follow: bool) -> None:
        status = workers.gpu().status()
        if settings.GPU_SOURCE != "runpod-pod" or not status.machines:
            raise CommandError(f"There is no pod whose log could be read. {status.message}.")
        config = workers.source_config()
        api = RunPod(config.key or "", rest=config.rest)
        try:
            for line in _lines(api, status.machines[0], None if follow else QUIET_SECONDS):
                self.stdout.write(line)
        except AmbiguousResponse as error:
            raise CommandError("The GPU provider does not answer.") from error
        except Problem as problem:
            raise refusal(problem) from problem
        finally:
            api.close()


def describe(status: Status) -> str:
    """State of the GPU in a line, for the operator."""
    parts = [f"{status.source}: {status.message}"]
    if status.machines:
        parts.append(f"{', '.join(status.machines)} ({status.gpu}, ${status.hourly:.2f} an hour)")
    if status.spent is not None:
        parts.append(f"${status.spent:.2f} of ${status.daily:.2f} spent today")
    return "; ".join(parts) + "."


def _lines(api: RunPod, machine: str, quiet: float | None) -> Iterator[str]:
    """Lines of the machine's log. They end after `quiet` seconds without one; None: never."""
    lines: queue.Queue[str | Exception | None] = queue.Queue()

    def read() -> None:
        try:
            for line in api.logs(machine, TAIL):
                lines.put(line)
            lines.put(None)
        except (Problem, AmbiguousResponse) as error:
            lines.put(error)

    threading.Thread(target=read, name="pod-log", daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=quiet)
        except queue.Empty:
            return
        if line is None:
            return
        if isinstance(line, Exception):
            raise line
        yield line


def _sentence(error: RenderError) -> str:
    reason = error.details.get("reason", "")
    return f"{error.sentence}{f' ({reason})' if reason else ''}"
