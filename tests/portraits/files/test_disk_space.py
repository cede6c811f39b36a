"""Free space that is required on every disk before something large is begun."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_django import Settings

from portraits.files import disk_space, storage


def set_free(monkeypatch: pytest.MonkeyPatch, full: Path, free: int) -> None:
    """One folder lies on a disk with that many free bytes, the others on an empty disk."""
    usage = {full: SimpleNamespace(free=free)}
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage.get(folder, SimpleNamespace(free=1 << 40)))


@pytest.mark.parametrize("place", ["scratch", "files"])
def test_each_disk_must_have_free_space(
    storage_folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    storage.private()
    folder = {"scratch": Path(settings.SCRATCH_DIR), "files": storage_folder}[place]
    set_free(monkeypatch, folder, disk_space.MIN_FREE_BYTES)
    disk_space.require_free_space()
    set_free(monkeypatch, folder, disk_space.MIN_FREE_BYTES - 1)
    with pytest.raises(disk_space.DiskFull, match="199 MB left, and needs 200") as full:
        disk_space.require_free_space()
    assert full.value.errno == errno.ENOSPC


def test_a_missing_folder_is_no_full_disk(storage_folder: Path) -> None:
    disk_space.require_free_space()
    storage_folder.rmdir()
    with pytest.raises(storage.StorageUnavailable, match="is not there"):
        disk_space.require_free_space()


def test_the_bucket_is_no_local_folder(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "private", object)
    assert disk_space.local_folders() == {Path(settings.SCRATCH_DIR)}
