"""The airlock's own process: what its children inherit, and that none of them stays."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from portraits.uploads.sandbox import Airlock
from tests.gpuworker.processes import eventually
from tests.portraits.uploads.conftest import children, through


def test_nobody_is_left_when_the_reply_is_there(wild: Airlock) -> None:
    process = json.loads(through(wild, b"describe"))["process"]
    assert not Path(f"/proc/{process}").exists()


def test_the_sites_secrets_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the site")
    airlock = Airlock("tests.portraits.uploads.chambers", size=1)
    environment = json.loads(through(airlock, b"describe"))["environment"]
    airlock.close()
    assert "SECRET_KEY" not in environment
    assert environment["OPENBLAS_NUM_THREADS"] == "1"


def test_a_child_has_its_own_upload_open_and_nothing_else(wild: Airlock) -> None:
    with wild._opened() as (_, data, _):
        data.sendall(b"sleep")  # another person's upload
        assert eventually(lambda: children(wild.process_id or 0) != [])
        descriptors = json.loads(through(wild, b"describe"))["descriptors"]
    assert descriptors[:3] == [0, 1, 2]
    assert len(descriptors) == 4


def test_an_upload_that_nobody_waits_for_any_more_is_stopped(wild: Airlock) -> None:
    through(wild, b"echo")
    with wild._opened() as (_, data, _):
        data.sendall(b"sleep")
        assert eventually(lambda: children(wild.process_id or 0) != [])
    assert eventually(lambda: children(wild.process_id or 0) == [], 30)  # by itself it would end after 60


def test_it_forks_from_a_single_thread(examiner: Airlock) -> None:
    with examiner._opened() as (_, data, _):
        data.sendall(b"")
        assert eventually(lambda: children(examiner.process_id or 0) != [])
    assert os.listdir(f"/proc/{examiner.process_id}/task") == [str(examiner.process_id)]
