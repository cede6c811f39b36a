"""A process that dies while it compiles must not be the first of many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpuworker.engines.liveportrait.compilation.compile_attempts import CompileAttempts, TooManyAttempts

DIE = """
import os, sys
from pathlib import Path
from gpuworker.engines.liveportrait.compilation.compile_attempts import CompileAttempts
with CompileAttempts(Path(sys.argv[1])).counted():
    os.abort()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "attempts"


def test_what_succeeds_is_forgotten(path: Path) -> None:
    for _ in range(5):
        with CompileAttempts(path).counted():
            assert path.read_text() == "1"
    assert not path.exists()


def test_after_two_processes_that_died_while_compiling_nobody_tries_again(path: Path) -> None:
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", DIE, str(path)], stderr=subprocess.DEVNULL).returncode < 0
    with pytest.raises(TooManyAttempts, match="failed 2 times"), CompileAttempts(path).counted():
        raise AssertionError("it began")


def test_a_try_that_fails_counts_and_its_error_is_told(path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), CompileAttempts(path).counted():
            raise ZeroDivisionError
    with pytest.raises(TooManyAttempts), CompileAttempts(path).counted():
        raise AssertionError("it began")


def test_where_a_try_cannot_be_noted_down_none_begins(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"), CompileAttempts(tmp_path / "nowhere" / "attempts").counted():
        raise AssertionError("it began")


def test_a_count_that_nobody_can_read_is_no_invitation(path: Path) -> None:
    path.write_text("?")
    with pytest.raises(TooManyAttempts), CompileAttempts(path).counted():
        raise AssertionError("it began")


def test_it_lies_where_a_new_container_has_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with CompileAttempts().counted():
        assert [each.name for each in tmp_path.iterdir()] == [f"gaze-compile-attempts-{os.getuid()}"]
