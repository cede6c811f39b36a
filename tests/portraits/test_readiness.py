"""Checks of the dependencies: run together, within a time limit, with cached results."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from django.db import OperationalError, connection
from dramatiq.brokers.stub import StubBroker
from pytest_django import Settings

from portraits import readiness
from portraits.files import disk_space, storage
from portraits.readiness import Readiness
from portraits.uploads import validation
from portraits.uploads.sandbox import SandboxUnavailable


def fine() -> None:
    return None


def broken() -> None:
    raise ConnectionRefusedError("nobody there")


@pytest.mark.django_db(transaction=True)
def test_all_parts_of_the_embedded_site_answer() -> None:
    readiness.dependencies.clear_cache()
    assert readiness.dependencies.failing() == []


@pytest.mark.django_db
def test_only_the_silent_ones_are_named() -> None:
    assert Readiness({"database": fine, "queue": broken, "files": fine}).failing() == ["queue"]


@pytest.mark.django_db
def test_one_that_hangs_counts_as_silent_and_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "TIMEOUT", 0.2)
    released, over = threading.Event(), threading.Event()

    def hangs() -> None:
        released.wait(600)
        over.set()

    failing = Readiness({"database": fine, "files": hangs}).failing()
    answered_first = not over.is_set()
    released.set()
    assert failing == ["files"]
    assert answered_first


@pytest.mark.django_db
def test_an_answer_holds_for_a_moment() -> None:
    asked: list[str] = []
    checks = Readiness({"database": lambda: asked.append("once")})
    assert [checks.failing(), checks.failing()] == [[], []]
    checks.clear_cache()
    checks.failing()
    assert asked == ["once", "once"]


def test_a_folder_of_files_that_is_not_there_is_a_silent_part_and_is_not_made_anew(storage_folder: Path) -> None:
    readiness._check_files()
    storage_folder.rmdir()
    with pytest.raises(storage.StorageUnavailable, match="is not there"):
        readiness._check_files()
    assert not storage_folder.exists()


def disk_usage(free: int) -> Callable[[Path], shutil._ntuple_diskusage]:
    return lambda folder: shutil._ntuple_diskusage(1 << 40, (1 << 40) - free, free)


def test_case_63_a_disk_that_is_nearly_full_is_a_silent_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_space.shutil, "disk_usage", disk_usage(disk_space.MIN_FREE_BYTES))
    readiness._check_disk()
    monkeypatch.setattr(disk_space.shutil, "disk_usage", disk_usage(disk_space.MIN_FREE_BYTES - 1))
    with pytest.raises(disk_space.DiskFull, match="199 MB left, and needs 200"):
        readiness._check_disk()


@pytest.mark.parametrize("place", ["scratch", "files"])
def test_a_disk_that_takes_no_file_is_a_silent_part(
    storage_folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The check writes to each folder, because a read-only disk may have free space."""
    readiness._check_disk()
    folder = {"scratch": settings.SCRATCH_DIR, "files": storage_folder}[place]
    make = tempfile.TemporaryFile

    def refused(dir: Path) -> IO[bytes]:
        return Path("/dev/full").open("wb", buffering=0) if dir == folder else make(dir=dir)

    monkeypatch.setattr(readiness.tempfile, "TemporaryFile", refused)
    with pytest.raises(OSError, match="No space left on device"):
        readiness._check_disk()


def test_the_disk_check_leaves_nothing(storage_folder: Path, settings: Settings) -> None:
    readiness._check_disk()
    assert [*storage_folder.iterdir(), *settings.SCRATCH_DIR.iterdir()] == []


@pytest.mark.django_db(transaction=True)
def test_a_database_that_can_only_be_read_is_a_silent_part() -> None:
    readiness._check_database()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
        try:
            with pytest.raises(OperationalError, match="readonly"):
                readiness._check_database()
        finally:
            cursor.execute("PRAGMA query_only = OFF")


def test_a_bucket_is_asked_for_something(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Bucket:
        def exists(self, name: str) -> bool:
            asked.append(name)
            return False

    monkeypatch.setattr(storage, "private", Bucket)
    readiness._check_files()
    assert len(asked) == 1


def test_a_queue_in_redis_is_pinged_and_one_in_memory_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pinged: list[str] = []

    class InRedis:
        class client:  # noqa: N801  as RedisBroker names it
            @staticmethod
            def ping() -> None:
                pinged.append("ping")

    monkeypatch.setattr(readiness.dramatiq, "get_broker", StubBroker)
    readiness._check_queue()
    assert pinged == []
    monkeypatch.setattr(readiness.dramatiq, "get_broker", InRedis)
    readiness._check_queue()
    assert pinged == ["ping"]


@pytest.mark.django_db(transaction=True)
def test_decoders_that_do_not_start_are_a_silent_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> None:
        raise SandboxUnavailable("it ended")

    monkeypatch.setattr(validation.default_sandbox, "check", failing)
    readiness.dependencies.clear_cache()
    assert readiness.dependencies.failing() == ["decoders"]
    readiness.dependencies.clear_cache()
    assert readiness.sentence("decoders") == "the decoders of photos do not start"
