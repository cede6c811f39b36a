"""Supervisor of worker processes: one that ends without having been told to is started again."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0
"""Seconds before another start; doubled for each process that lived for less than HEALTHY_SECONDS.

The longest is short, because renders wait for the process whatever ended the last one.
"""
HEALTHY_SECONDS = 10.0


@dataclass(frozen=True)
class Command:
    """Command line of a process."""

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that the process has besides those of its parent."""


class Child:
    """Supervised process, started again whenever it ends."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._pause = FIRST_PAUSE
        self._started_at = self._not_before = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def ensure_running(self) -> None:
        """Start the process when it does not run and its pause is over."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            lived = now - self._started_at
            self._pause = FIRST_PAUSE if lived > HEALTHY_SECONDS else min(2 * self._pause, LONGEST_PAUSE)
            log.warning("job process %d ended with %d", self.process.pid, self.process.returncode)
            self._close_stdin()
            self._not_before, self.process = now + self._pause, None
        if self.process is None and now >= self._not_before:
            # Its own session keeps Ctrl-C from it; it gets SIGTERM instead. Its standard input ends with this process.
            self.process = subprocess.Popen(
                self._command.words,
                stdin=subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, **self._command.environment},
            )
            self._started_at = now

    def terminate(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def wait(self, seconds: float) -> bool:
        """Wait for its end. False when it had to be killed."""
        if self.process is None:
            return True
        try:
            self.process.wait(max(0.1, seconds))
        except subprocess.TimeoutExpired:
            log.warning("job process %d does not end, and is killed", self.process.pid)
            self.process.kill()
            self.process.wait()
            return False
        finally:
            self._close_stdin()
        return True

    def _close_stdin(self) -> None:
        """Close the pipe by whose end the process notices that its supervisor has gone."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()


class Supervisor:
    """Supervisor of one process for each command."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.children = [Child(command) for command in commands]

    def run(self, grace: float) -> bool:
        """Run until SIGTERM or Ctrl-C; then all get `grace` seconds. Whether they ended by themselves."""
        stop_requested = threading.Event()

        def request_stop(number: int, frame: Any) -> None:
            stop_requested.set()

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, request_stop)
        while not stop_requested.is_set():
            for child in self.children:
                child.ensure_running()
            stop_requested.wait(0.2)
        for child in self.children:
            child.terminate()
        end = time.monotonic() + grace
        killed = sum(not child.wait(end - time.monotonic()) for child in self.children)
        return killed == 0


def manage_command(*words: str) -> list[str]:
    """Command line that runs a command of this site's manage.py."""
    return [sys.executable, sys.argv[0], *words]
