"""Which parts answer: asked together, briefly, and not for every question."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from dramatiq.brokers.stub import StubBroker

from portraits import readiness, storage
from portraits.readiness import Readiness


def fine() -> None:
    return None


def broken() -> None:
    raise ConnectionRefusedError("nobody there")


@pytest.mark.django_db(transaction=True)
def test_all_parts_of_the_embedded_site_answer() -> None:
    readiness.parts.forget()
    assert readiness.parts.silent() == []


@pytest.mark.django_db
def test_only_the_silent_ones_are_named() -> None:
    assert Readiness({"database": fine, "queue": broken, "files": fine}).silent() == ["queue"]


@pytest.mark.django_db
def test_one_that_hangs_counts_as_silent_and_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.2)
    released, over = threading.Event(), threading.Event()

    def hangs() -> None:
        released.wait(600)
        over.set()

    silent = Readiness({"database": fine, "files": hangs}).silent()
    answered_first = not over.is_set()
    released.set()
    assert silent == ["files"]
    assert answered_first


@pytest.mark.django_db
def test_an_answer_holds_for_a_moment() -> None:
    asked: list[str] = []
    parts = Readiness({"database": lambda: asked.append("once")})
    assert [parts.silent(), parts.silent()] == [[], []]
    parts.forget()
    parts.silent()
    assert asked == ["once", "once"]


def test_a_folder_that_cannot_be_written_is_a_silent_part(
    storage_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readiness._files()
    monkeypatch.setattr(readiness.os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(PermissionError, match="cannot be written"):
        readiness._files()


def test_a_bucket_is_asked_for_something(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Bucket:
        def exists(self, name: str) -> bool:
            asked.append(name)
            return False

    monkeypatch.setattr(storage, "private", Bucket)
    readiness._files()
    assert len(asked) == 1


def test_a_queue_in_redis_is_pinged_and_one_in_memory_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pinged: list[str] = []

    class InRedis:
        class client:  # noqa: N801  as RedisBroker names it
            @staticmethod
            def ping() -> None:
                pinged.append("ping")

    monkeypatch.setattr(readiness.dramatiq, "get_broker", StubBroker)
    readiness._queue()
    assert pinged == []
    monkeypatch.setattr(readiness.dramatiq, "get_broker", InRedis)
    readiness._queue()
    assert pinged == ["ping"]
