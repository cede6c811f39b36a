"""Local storage: keys, atomic and durable writes, deletion."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from portraits.files import storage
from portraits.models import User
from portraits.rendering import attempt, workers
from portraits.uploads import lifecycle
from tests.portraits import factories, photos
from tests.portraits.scripted_worker import ScriptedWorker


def test_a_file_replaces_its_older_self_whole(storage_folder: Path) -> None:
    storage.put("photos/one/photo.webp", b"old")
    storage.put("photos/one/photo.webp", b"new")
    assert storage.read("photos/one/photo.webp") == b"new"
    assert storage.sha256("photos/one/photo.webp") == hashlib.sha256(b"new").hexdigest()
    assert [path.name for path in (storage_folder / "photos" / "one").iterdir()] == ["photo.webp"]


def test_case_63_a_full_disk_leaves_the_old_file_and_no_part(
    storage_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put("photos/one/photo.webp", b"old")

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        storage.put("photos/one/photo.webp", b"new")
    assert storage.read("photos/one/photo.webp") == b"old"
    assert [path.name for path in (storage_folder / "photos" / "one").iterdir()] == ["photo.webp"]


def test_a_file_on_disk_is_stored_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"sheet")
    storage.put("renders/a/1/q0.webp", tmp_path / "made")
    assert storage.read("renders/a/1/q0.webp") == b"sheet"


def test_erasing_a_prefix_takes_all_below_it_and_its_empty_folders(storage_folder: Path) -> None:
    for key in ("renders/a/1/q0.webp", "renders/a/1/q1.webp", "renders/ab/1/q0.webp"):
        storage.put(key, b"x")
    assert storage.delete("renders/a/1/") == 2
    assert storage.delete("renders/a/1/") == 0
    assert list(storage.keys()) == ["renders/ab/1/q0.webp"]
    assert not (storage_folder / "renders" / "a").exists()


def test_erasing_a_key_takes_that_file_only() -> None:
    storage.put("demo/current.json", b"{}")
    storage.put("demo/current.json.other", b"{}")
    assert storage.delete("demo/current.json") == 1
    assert list(storage.keys()) == ["demo/current.json.other"]


def test_an_empty_storage_has_no_keys() -> None:
    assert list(storage.keys()) == []
    assert not storage.exists("photos/none/photo.webp")


# --- what a row vouches for is on disk


def test_a_stored_file_and_every_folder_on_its_way_are_synced_and_in_this_order(
    storage_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = events(monkeypatch, storage_folder)
    storage.put("photos/one/photo.webp", b"photo")
    assert done == [
        f"fsync photos/one/.photo.webp.{os.getpid()}.part",
        "replace photos/one/photo.webp",
        "fsync photos/one",
        "fsync photos",
        "fsync .",
    ]
    done.clear()
    storage.put("photos/one/thumbnail.webp", b"thumbnail")
    assert done[1:] == ["replace photos/one/thumbnail.webp", "fsync photos/one"]


def events(monkeypatch: pytest.MonkeyPatch, root: Path) -> list[str]:
    """Recorder of the paths below the root that are synced and renamed."""
    found: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        found.append(f"fsync {path.relative_to(root)}")
        fsync(descriptor)

    def replaced(source: Path, target: Path) -> None:
        replace(source, target)
        found.append(f"replace {target.relative_to(root)}")

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    return found


def writes(found: list[str], *tables: str) -> AbstractContextManager[None]:
    """Record also each write to these tables, before it happens."""

    def noted(execute: Any, sql: str, *rest: Any) -> Any:
        found.extend(f"row {table}" for table in tables if sql.startswith(f'UPDATE "portraits_{table}"'))
        return execute(sql, *rest)

    return connection.execute_wrapper(noted)


def unsynced_at(done: list[str], row: str) -> list[str]:
    """Files that were not durable, name included, when the first such row was written."""
    before = done[: done.index(f"row {row}")]
    files = [event.removeprefix("replace ") for event in before if event.startswith("replace ")]
    assert files
    return [file for file in files if f"fsync {Path(file).parent}" not in before[before.index(f"replace {file}") :]]


def test_an_upload_is_called_stored_once_its_photo_is_on_disk(
    owner: User, storage_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.private()
    done = events(monkeypatch, storage_folder)
    with writes(done, "upload"):
        lifecycle.create_upload(owner, io.BytesIO(photos.astronaut()), consent=True)
    assert unsynced_at(done, "upload") == []


def test_a_manifest_lists_sheets_that_are_on_disk(
    owner: User, storage_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.session(factories.portrait(owner))
    monkeypatch.setattr(workers, "current", lambda: ScriptedWorker(tmp_path))
    done = events(monkeypatch, storage_folder)
    with writes(done, "output"):
        attempt.run_next("rig")
    assert unsynced_at(done, "output") == []
    assert done.count("row output") > 3


# --- a folder that vanished


@pytest.mark.spoiled
def test_a_folder_that_vanished_is_neither_empty_nor_made_anew(storage_folder: Path) -> None:
    storage.put("photos/one/photo.webp", b"photo")
    storage_folder.rename(storage_folder.with_name("elsewhere"))
    uses: list[Callable[[], object]] = [
        lambda: storage.read("photos/one/photo.webp"),
        lambda: storage.exists("photos/one/photo.webp"),
        lambda: storage.sha256("photos/one/photo.webp"),
        lambda: list(storage.keys()),
        lambda: storage.delete("photos/one/"),
        lambda: storage.delete("photos/one/photo.webp"),
        lambda: storage.put("photos/two/photo.webp", b"photo"),
    ]
    for use in uses:
        with pytest.raises(storage.StorageUnavailable):
            use()
    assert not storage_folder.exists()


def test_erasing_the_last_file_leaves_the_folder_of_files(storage_folder: Path) -> None:
    storage.put("demo/one", b"x")
    assert storage.delete("demo/") == 1
    assert storage_folder.is_dir()
