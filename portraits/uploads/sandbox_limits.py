"""Resource limits of a process that decodes an upload."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1 << 20

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38


@dataclass(frozen=True)
class Limits:
    """Limits of one process.

    Measured needs and times on two cores are beside each limit's test (tests/portraits/uploads/test_sandbox_limits.py).
    """

    cpu_seconds: int = 8
    """Processor time."""
    wall_seconds: float = 20.0
    """Time from the fork to the kill; kept by the sandbox server."""
    memory_megabytes: int = 512
    """Address space on top of what the process has when it is forked."""
    stuck_seconds: float = 5.0
    """Time without any use of the processor after which it is killed; kept by the sandbox server."""

    def impose(self) -> None:
        """Limit this process irrevocably: no new file or connection, no written byte, no core dump, no privileges.

        Open files stay open. The sandbox server enforces wall_seconds and stuck_seconds.
        """
        resource.setrlimit(resource.RLIMIT_CPU, (self.cpu_seconds, self.cpu_seconds + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":  # macOS refuses limits on address space
            _die_with_parent()
            Path("/proc/self/oom_score_adj").write_text("1000")
            memory = _address_space() + self.memory_megabytes * MEGABYTE
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        # One and not none: poll() counts against this limit. Number 0 is standard input, so it is taken.
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, 1))


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")


def _die_with_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_PDEATHSIG, signal.SIGKILL), (PR_SET_NO_NEW_PRIVS, 1)):
        if libc.prctl(option, value, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
