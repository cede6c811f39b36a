"""Processes that are kept running, told to end, and killed when they do not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gazesite.processes import supervisor
from gazesite.processes.supervisor import Child, Command, manage_command
from tests.gpuworker.processes import patiently

STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"
UNTIL_ITS_PARENT_GOES = "import sys; sys.stdin.read()"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.05)


def test_a_process_that_was_killed_is_started_again(quick: None) -> None:
    child = Child(Command([sys.executable, "-c", UNTIL_ITS_PARENT_GOES]))
    child.ensure_running()
    assert child.process is not None
    first = child.process.pid
    child.process.kill()
    assert patiently(lambda: child.ensure_running() or (child.process is not None and child.process.pid != first), 10)
    child.terminate()
    assert child.wait(60)


def test_one_that_ends_at_once_is_started_ever_more_slowly(quick: None) -> None:
    child = Child(Command([sys.executable, "-c", "raise SystemExit(1)"]))
    child.ensure_running()
    for pause in (0.1, 0.2):
        assert patiently(lambda: child.process is not None, 10) is True
        assert child.process is not None
        child.process.wait(60)
        child.ensure_running()
        assert child.process is None
        assert child._pause == pytest.approx(pause)
        assert patiently(lambda: child.ensure_running() or child.process is not None, 10)
    child.wait(60)


def test_one_that_does_not_end_is_killed() -> None:
    child = Child(Command([sys.executable, "-c", STUBBORN]))
    child.ensure_running()
    assert child.process is not None
    child.terminate()
    assert child.wait(0.2) is False or child.process.returncode is not None


def test_sigterm_ends_all_of_them_and_their_parents_death_too(tmp_path: Path) -> None:
    child = f"import pathlib, os, sys; pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch(); sys.stdin.read()"
    keep = f"Supervisor([Command([{sys.executable!r}, '-c', {child!r}])] * 2).run(5)"
    code = f"from gazesite.processes.supervisor import Command, Supervisor; {keep}"
    for number in (signal.SIGTERM, signal.SIGKILL):
        parent = subprocess.Popen([sys.executable, "-c", code])
        assert patiently(lambda: len(list(tmp_path.iterdir())) == 2)
        pids = [int(path.name) for path in tmp_path.iterdir()]
        os.kill(parent.pid, number)
        parent.wait(60)
        assert patiently(lambda: not any(map(running, pids)))  # noqa: B023
        for path in tmp_path.iterdir():
            path.unlink()


def running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_command_of_this_site_runs_the_same_python_and_manage_py() -> None:
    assert manage_command("work", "--one=0") == [sys.executable, sys.argv[0], "work", "--one=0"]
