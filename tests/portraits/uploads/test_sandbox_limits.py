"""Each limit on a process that decodes a stranger's file holds."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from portraits.uploads.sandbox import Airlock, ChamberFailed, ChamberKilled, ChamberLimited
from portraits.uploads.sandbox_limits import Limits
from tests.portraits.uploads.conftest import CHAMBERS, children, through


def test_a_child_that_computes_without_end_is_killed(wild: Airlock) -> None:
    with pytest.raises(ChamberLimited):
        through(wild, b"spin")
    assert children(wild.process_id or 0) == []


def test_a_child_that_sleeps_is_killed(brief: Airlock) -> None:
    with pytest.raises(ChamberKilled, match="no progress"):
        through(brief, b"sleep")
    assert children(brief.process_id or 0) == []


def test_memory_ends_where_the_limit_is(wild: Airlock) -> None:
    assert through(wild, b"allocate 40") == b"%d" % (40 << 20)
    with pytest.raises(ChamberFailed, match="MemoryError"):
        through(wild, b"allocate 80")


def test_no_file_is_opened(wild: Airlock) -> None:
    with pytest.raises(ChamberFailed, match="Too many open files"):
        through(wild, b"open /etc/passwd")


def test_nobody_is_called(wild: Airlock) -> None:
    refused = pytest.raises(ChamberFailed, match="Too many open files")
    with socket.create_server(("127.0.0.1", 0)) as server, refused:
        through(wild, b"connect %d" % server.getsockname()[1])


def test_no_byte_is_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """capfd has pointed standard error at a file, which the airlock inherits."""
    airlock = Airlock(CHAMBERS, Limits(memory_megabytes=64), size=1)
    with pytest.raises(ChamberFailed, match="File too large"):
        through(airlock, b"write")
    airlock.close()
    assert "overflowing" not in capfd.readouterr().err


def test_the_limits_are_in_force_as_they_stand() -> None:
    airlock = Airlock(CHAMBERS, size=1)
    limits = json.loads(through(airlock, b"describe"))["limits"]
    airlock.close()
    wanted = Limits()
    assert limits["RLIMIT_CPU"] == [wanted.cpu_seconds, wanted.cpu_seconds + 1]
    assert limits["RLIMIT_FSIZE"] == [0, 0]
    assert limits["RLIMIT_CORE"] == [0, 0]
    assert limits["RLIMIT_NOFILE"] == [1, 1]
    memory = limits["RLIMIT_AS"][1] >> 20
    assert wanted.memory_megabytes < memory < wanted.memory_megabytes + 500
