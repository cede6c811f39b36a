"""Versions of the element's bundle that storage keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from portraits.files import element_versions, storage
from portraits.sharing.element_script import BUNDLE, CURRENT, ElementScript


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ElementScript:
    monkeypatch.setattr(element_versions, "_kept", set())
    (tmp_path / BUNDLE).write_text("older")
    (tmp_path / "gaze-tracker-pixi.min.js").write_text("beside it")
    return ElementScript(tmp_path)


def test_a_version_outlives_the_files_it_was_made_of(older: ElementScript) -> None:
    element_versions.keep(older)
    (older.folder / BUNDLE).unlink()
    assert element_versions.read(older.version, BUNDLE) == b"older"
    assert element_versions.read(older.version, "gaze-tracker-pixi.min.js") == b"beside it"


def test_a_version_is_written_once(older: ElementScript, monkeypatch: pytest.MonkeyPatch) -> None:
    element_versions.keep(older)
    monkeypatch.setattr(storage, "put", None)
    element_versions.keep(older)
    element_versions._kept.clear()
    element_versions.keep(older)


def test_a_version_that_could_not_be_written_whole_is_written_again(
    older: ElementScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(storage, "exists", lambda key: (_ for _ in ()).throw(storage.StorageUnavailable("away")))
        with pytest.raises(storage.StorageUnavailable):
            element_versions.keep(older)
    element_versions.keep(older)
    assert element_versions.read(older.version, BUNDLE) == b"older"


def test_the_current_version_needs_no_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "read", None)
    assert element_versions.read(CURRENT.version, BUNDLE) == CURRENT.files[BUNDLE]


def test_a_version_that_nobody_kept_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        element_versions.read("0" * 32, BUNDLE)
