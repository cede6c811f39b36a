"""Health checks: liveness and readiness."""

from __future__ import annotations

import pytest
from django.test import Client

from portraits import readiness
from portraits.files import disk_space
from portraits.readiness import Readiness


@pytest.mark.django_db(transaction=True)  # the check writes, on a connection of its own
def test_it_lives_and_is_ready(anonymous: Client) -> None:
    readiness.dependencies.clear_cache()
    for name in ("livez", "readyz"):
        answer = anonymous.get(f"/{name}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain")


def test_without_a_part_it_lives_but_is_not_ready_and_says_which(
    anonymous: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(readiness, "dependencies", Readiness({"database": lambda: None, "queue": away}))
    assert anonymous.get("/livez").status_code == 200
    answer = anonymous.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"the queue does not answer\n")


def test_a_full_disk_is_called_that(anonymous: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise disk_space.DiskFull

    monkeypatch.setattr(readiness, "dependencies", Readiness({"disk": full}))
    answer = anonymous.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"the disk is full or cannot be written\n")


def test_nothing_is_changed_there(anonymous: Client) -> None:
    assert anonymous.post("/livez").status_code == 405
