"""Fast job processes: `python -m tests.production.fast_worker` keeps them on the real parts, as `manage.py work` does.

Their worker renders nothing, their leases are short, and they can be held at a named moment.

Environment: FAST_WORKER_FOLDER, where the file `hold` names the moment (only in a first attempt) and `at` says that it
is reached; `poison` has the id of a render that kills its process. FAST_WORKER_CLOCK: seconds by which this process's
clock is wrong.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

MOMENTS = ("starting", "analysing", "rig", "done", "stored", "finishing")
"""At which a process can be held in a first pass: before each of the worker's steps, when a level's files are stored
but not recorded, and before the render is finished. Sheets are made on request only, and held nowhere."""
STEPS = MOMENTS[:4]
LEASE_SECONDS = 4.0
BEAT_SECONDS = 0.5
"""Seven lost beats end a lease: on a starved machine two or three may be lost."""


class Folder:
    """Folder through which the test and this process exchange messages."""

    def __init__(self) -> None:
        self.path = Path(os.environ["FAST_WORKER_FOLDER"])

    def text(self, name: str) -> str:
        try:
            return (self.path / name).read_text()
        except FileNotFoundError:
            return ""

    def reach(self, moment: str, attempt: int, stop: threading.Event | None = None) -> None:
        """Waits while the test holds it here, or until it is to stop."""
        if attempt != 1 or self.text("hold") != moment:
            return
        (self.path / "at").write_text(f"{os.getpid()}")
        while self.text("hold") == moment and not (stop and stop.is_set()):
            threading.Event().wait(0.02)


def set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
    django.setup()


def be_one(number: str) -> None:
    """The worker process itself."""
    os.environ["SCRATCH_NAME"] = f"fast-{number}-{os.getpid()}"
    set_up()
    from django.conf import settings

    from gazesite.processes import worker_process
    from gpuworker.contract import RIG
    from gpuworker.workers.fake import FakeWorker
    from portraits.models import Output, Render, render
    from portraits.rendering import lease, sweeper, workers

    settings.SHEETS = "on-request"
    folder = Folder()
    shift_clock(float(os.environ.get("FAST_WORKER_CLOCK", "0")))
    render.LEASE = timedelta(seconds=LEASE_SECONDS)
    lease.BEAT = BEAT_SECONDS
    sweeper.SECONDS = 0.5

    class HeldWorker:
        def render(self, job: Any, cancelled: threading.Event | None = None) -> Generator[Any]:
            def before(step: int) -> None:
                if job.request.levels == (RIG,):
                    folder.reach(STEPS[step], job.attempt, cancelled)
                if step == 2 and folder.text("poison") == job.id:
                    os.kill(os.getpid(), signal.SIGKILL)

            return FakeWorker(before).render(job, cancelled)

        def close(self) -> None:
            pass

    hold_before(Output, "record", lambda output: folder.reach("stored", output.attempt))
    hold_before(Render, "finish", lambda row: folder.reach("finishing", row.attempt))
    parts: Any = workers
    parts.current = parts.sheets = HeldWorker
    workers.warm = lambda: None
    worker_process.run()


def hold_before(owner: type, name: str, hold: Callable[[Any], None]) -> None:
    """Replaces a method by one that calls `hold` first."""
    method = getattr(owner, name)

    def held(self: Any, *arguments: Any, **more: Any) -> Any:
        hold(self)
        return method(self, *arguments, **more)

    setattr(owner, name, held)


def shift_clock(seconds: float) -> None:
    from django.utils import timezone

    right = timezone.now
    timezone.now = lambda: right() + timedelta(seconds=seconds)


def main() -> None:
    if sys.argv[1:]:
        be_one(sys.argv[1])
        return
    set_up()
    from django.conf import settings

    from gazesite.processes.supervisor import Command, Supervisor

    Supervisor([Command([sys.executable, "-m", "tests.production.fast_worker", "0"])]).run(settings.WORK_GRACE + 10)


if __name__ == "__main__":
    main()
