"""In a clone with nothing beside it, tests on other people's portraits are left out aloud; in CI that is an error."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # pytest collects in processes of its own

ONLY = "tests/gpuworker/test_other_faces.py"


def collect(repo: Path, *more: str, portraits: Path, ci: str | None = None) -> subprocess.CompletedProcess[str]:
    """Asks a pytest of its own for a file that needs portraits, and for more."""
    return run(repo, "--collect-only", *more, portraits=portraits, ci=ci)


def run(repo: Path, *more: str, portraits: Path, ci: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "CI"} | {"PORTRAITS": str(portraits)}
    if ci is not None:
        environment["CI"] = ci
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", ONLY, *more]
    return subprocess.run(command, cwd=repo, env=environment, capture_output=True, text=True, timeout=300)


def test_without_the_portraits_their_tests_are_left_out_with_one_line(repo: Path, tmp_path: Path) -> None:
    missing = tmp_path / "not there"
    found = collect(repo, "tests/gpuworker/test_grid.py", portraits=missing)
    assert found.returncode == 0, found.stdout + found.stderr
    (line,) = [line for line in found.stdout.splitlines() if "left out" in line]
    assert re.fullmatch(rf"\d+ tests are left out: the portraits they look at are not in {missing} \(.*\)\.", line)
    assert f"{ONLY}::" not in found.stdout
    assert "tests/gpuworker/test_grid.py" in found.stdout


def test_where_the_portraits_are_nothing_is_left_out(repo: Path, tmp_path: Path) -> None:
    found = collect(repo, portraits=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "left out" not in found.stdout
    assert ONLY in found.stdout


def test_in_ci_the_absence_of_the_portraits_is_an_error(repo: Path, tmp_path: Path) -> None:
    found = collect(repo, portraits=tmp_path / "not there", ci="true")
    assert found.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: In CI no tests are left out, and the portraits they look at are not in " in found.stderr
    assert "Traceback" not in found.stderr


def test_processes_of_tests_say_once_what_each_of_them_has_left_out(repo: Path, tmp_path: Path) -> None:
    """And in CI they are not even started: it is the command that is refused, with its sentence."""
    files = ("tests/gpuworker/test_clock.py", "tests/gpuworker/vision/test_matting_model.py")
    chosen = (*files, "-n", "2", "-k", "clock or rembg")
    found = run(repo, *chosen, portraits=tmp_path / "not there")
    assert found.returncode == 0, found.stdout + found.stderr
    lines = [line for line in found.stdout.splitlines() if "left out" in line]
    assert len(lines) == 1, found.stdout
    refused = run(repo, *chosen, portraits=tmp_path / "not there", ci="true")
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert "In CI no tests are left out" in refused.stderr


def test_tests_on_real_servers_are_left_to_make_check(repo: Path, tmp_path: Path) -> None:
    """Wherever they lie: the fixture that they ask for says so."""
    found = run(repo, "--collect-only", "tests/gazesite/test_fallback_cache.py", portraits=tmp_path)
    assert "1 slow tests are left out: `make check` runs them." in found.stdout
    assert "test_two_processes_count_together" not in found.stdout


def test_a_file_with_a_browser_comes_last_as_a_whole(repo: Path, tmp_path: Path) -> None:
    """A process of tests takes it in one piece, and after its first browser test no other loop can run there."""
    files = ("tests/pages/test_local_times.py", "tests/portraits/live/test_handshake.py")
    found = run(repo, "--collect-only", "-q", "-o", "addopts=--import-mode=importlib", *files, portraits=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    order = [line.partition("::")[0] for line in found.stdout.splitlines() if line.startswith("tests/")]
    ours = [name for name in dict.fromkeys(order) if name in files]
    assert ours == ["tests/portraits/live/test_handshake.py", "tests/pages/test_local_times.py"]
