"""Keeps job processes: one that ends without having been told to is started again."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0
"""Seconds before another start; doubled for a process that did not even live for HEALTHY seconds.

No more than that: whatever killed the last one, others wait for their renders.
"""
HEALTHY = 10.0


class Child:
    """One process, started again as often as it ends."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._pause = FIRST_PAUSE
        self._began = self._not_before = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start it when it does not run and may."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            lived = now - self._began
            self._pause = FIRST_PAUSE if lived > HEALTHY else min(2 * self._pause, LONGEST_PAUSE)
            log.warning("job process %d ended with %d", self.process.pid, self.process.returncode)
            self._let_go()
            self._not_before, self.process = now + self._pause, None
        if self.process is None and now >= self._not_before:
            # In a session of its own: Ctrl-C is ours to pass on. Its standard input ends with us.
            self.process = subprocess.Popen(self._command, stdin=subprocess.PIPE, start_new_session=True)
            self._began = now

    def terminate(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended by itself; otherwise it is killed."""
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
            self._let_go()
        return True

    def _let_go(self) -> None:
        """Of the pipe that tells it that we live."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()


class Supervisor:
    """commands: one for each process."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self.children = [Child(command) for command in commands]

    def run(self, grace: float) -> bool:
        """Until SIGTERM or Ctrl-C; then all get `grace` seconds. Whether they ended by themselves."""
        asked = threading.Event()

        def ask(number: int, frame: Any) -> None:
            asked.set()

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, ask)
        while not asked.is_set():
            for child in self.children:
                child.look()
            asked.wait(0.2)
        for child in self.children:
            child.terminate()
        end = time.monotonic() + grace
        killed = sum(not child.wait(end - time.monotonic()) for child in self.children)
        return killed == 0


def manage(*words: str) -> list[str]:
    """The command line of another process of this site."""
    return [sys.executable, sys.argv[0], *words]
