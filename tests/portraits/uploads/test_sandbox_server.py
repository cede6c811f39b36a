"""Sandbox server: what its children inherit, and that none of them stays."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
from pathlib import Path

import pytest

from portraits.uploads.sandbox import ENVIRONMENT, Sandbox
from tests.gpuworker.processes import eventually
from tests.portraits.uploads.conftest import children, reply_of


def test_no_child_is_left_when_the_reply_is_there(action_sandbox: Sandbox) -> None:
    process = json.loads(reply_of(action_sandbox, b"describe"))["process"]
    assert not Path(f"/proc/{process}").exists()


def test_the_sites_secrets_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the site")
    sandbox = Sandbox("tests.portraits.uploads.handlers", size=1)
    environment = json.loads(reply_of(sandbox, b"describe"))["environment"]
    sandbox.close()
    assert "SECRET_KEY" not in environment
    assert environment["OPENBLAS_NUM_THREADS"] == "1"


def test_a_child_has_its_own_upload_open_and_nothing_else(action_sandbox: Sandbox) -> None:
    with action_sandbox._child() as (_, data, _):
        data.sendall(b"sleep")  # another person's upload
        assert eventually(lambda: children(action_sandbox.process_id or 0) != [])
        descriptors = json.loads(reply_of(action_sandbox, b"describe"))["descriptors"]
    assert descriptors[:3] == [0, 1, 2]
    assert len(descriptors) == 4


def test_an_upload_that_nobody_waits_for_any_more_is_stopped(action_sandbox: Sandbox) -> None:
    reply_of(action_sandbox, b"echo")
    with action_sandbox._child() as (_, data, _):
        data.sendall(b"sleep")
        assert eventually(lambda: children(action_sandbox.process_id or 0) != [])
    assert eventually(lambda: children(action_sandbox.process_id or 0) == [], 30)  # by itself it would end after 60


def test_it_forks_from_a_single_thread(photo_sandbox: Sandbox) -> None:
    with photo_sandbox._child() as (_, data, _):
        data.sendall(b"")
        assert eventually(lambda: children(photo_sandbox.process_id or 0) != [])
    assert os.listdir(f"/proc/{photo_sandbox.process_id}/task") == [str(photo_sandbox.process_id)]


@pytest.mark.parametrize("loaded", [False, True], ids=["while it loads", "before anyone has read that it has loaded"])
def test_a_site_that_stops_right_after_its_start_leaves_no_traceback(loaded: bool) -> None:
    sandbox = Sandbox("tests.portraits.uploads.handlers")
    site, server = socket.socketpair()
    with server:
        command, descriptor = sandbox._command(server.fileno()), server.fileno()
        process = subprocess.Popen(
            command, pass_fds=[descriptor], stderr=subprocess.PIPE, env={**os.environ, **ENVIRONMENT}
        )
    if loaded:
        select.select([site], [], [], 60)
    site.close()
    _, trouble = process.communicate(timeout=60)
    assert (process.returncode, trouble) == (0, b"")
