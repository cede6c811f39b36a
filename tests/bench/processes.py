"""Processor time and memory of processes, among them those of a Chromium."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

GPU, PAGE = "GPU", "renderer"
"""Kinds of processes, as Chromium names them."""


@dataclass(frozen=True)
class Usage:
    """Processor seconds and, where the system tells it, megabytes, by kind of process."""

    seconds: dict[str, float]
    megabytes: dict[str, float]


def usage(browser: Browser) -> Usage:
    """Usage of all processes of each kind together: pages that share one cannot be told apart."""
    session = browser.new_browser_cdp_session()
    seconds: dict[str, float] = {}
    megabytes: dict[str, float] = {}
    for process in session.send("SystemInfo.getProcessInfo")["processInfo"]:
        kind = process["type"]
        seconds[kind] = seconds.get(kind, 0.0) + process["cpuTime"]
        megabytes[kind] = megabytes.get(kind, 0.0) + proportional(process["id"]) / 1e3
    session.detach()
    return Usage(seconds, megabytes)


def proportional(pid: int | str) -> int:
    """kB of a process's proportional set, in which shared pages count once; 0 where there is no Linux /proc."""
    path = Path(f"/proc/{pid}/smaps_rollup")
    if not path.exists():
        return 0
    return next(int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith("Pss:"))
