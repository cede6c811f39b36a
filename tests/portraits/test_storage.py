"""Keys, whole files and their end."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from portraits import storage


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
    assert storage.erase("renders/a/1/") == 2
    assert storage.erase("renders/a/1/") == 0
    assert list(storage.keys()) == ["renders/ab/1/q0.webp"]
    assert not (storage_folder / "renders" / "a").exists()


def test_erasing_a_key_takes_that_file_only() -> None:
    storage.put("demo/current.json", b"{}")
    storage.put("demo/current.json.other", b"{}")
    assert storage.erase("demo/current.json") == 1
    assert list(storage.keys()) == ["demo/current.json.other"]


def test_an_empty_storage_has_no_keys() -> None:
    assert list(storage.keys()) == []
    assert not storage.exists("photos/none/photo.webp")
