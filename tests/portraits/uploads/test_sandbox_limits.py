"""Limits of a process that decodes an upload."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from portraits.uploads.sandbox import HandlerFailed, HandlerKilled, Sandbox, SandboxLimitExceeded
from portraits.uploads.sandbox_limits import Limits
from tests.portraits.uploads.conftest import HANDLERS, children, reply_of


def test_a_child_that_computes_without_end_is_killed(action_sandbox: Sandbox) -> None:
    with pytest.raises(SandboxLimitExceeded):
        reply_of(action_sandbox, b"spin")
    assert children(action_sandbox.process_id or 0) == []


def test_a_child_that_sleeps_is_killed(short_sandbox: Sandbox) -> None:
    with pytest.raises(HandlerKilled, match="no progress"):
        reply_of(short_sandbox, b"sleep")
    assert children(short_sandbox.process_id or 0) == []


def test_memory_ends_where_the_limit_is(action_sandbox: Sandbox) -> None:
    assert reply_of(action_sandbox, b"allocate 40") == b"%d" % (40 << 20)
    with pytest.raises(HandlerFailed, match="MemoryError"):
        reply_of(action_sandbox, b"allocate 80")


def test_no_file_is_opened(action_sandbox: Sandbox) -> None:
    with pytest.raises(HandlerFailed, match="Too many open files"):
        reply_of(action_sandbox, b"open /etc/passwd")


def test_nobody_is_called(action_sandbox: Sandbox) -> None:
    refused = pytest.raises(HandlerFailed, match="Too many open files")
    with socket.create_server(("127.0.0.1", 0)) as server, refused:
        reply_of(action_sandbox, b"connect %d" % server.getsockname()[1])


def test_no_byte_is_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The sandbox inherits standard error, which capfd has redirected to a file."""
    sandbox = Sandbox(HANDLERS, Limits(memory_megabytes=64), size=1)
    with pytest.raises(HandlerFailed, match="File too large"):
        reply_of(sandbox, b"write")
    sandbox.close()
    assert "overflowing" not in capfd.readouterr().err


def test_the_limits_are_in_force_as_they_stand() -> None:
    sandbox = Sandbox(HANDLERS, size=1)
    limits = json.loads(reply_of(sandbox, b"describe"))["limits"]
    sandbox.close()
    wanted = Limits()
    assert limits["RLIMIT_CPU"] == [wanted.cpu_seconds, wanted.cpu_seconds + 1]
    assert limits["RLIMIT_FSIZE"] == [0, 0]
    assert limits["RLIMIT_CORE"] == [0, 0]
    assert limits["RLIMIT_NOFILE"] == [1, 1]
    memory = limits["RLIMIT_AS"][1] >> 20
    assert wanted.memory_megabytes < memory < wanted.memory_megabytes + 500
