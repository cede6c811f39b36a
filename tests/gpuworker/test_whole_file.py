from pathlib import Path

import pytest

from gpuworker.errors import OutputFailed
from gpuworker.whole_file import make_folder, write_whole


def test_a_file_replaces_the_one_before_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", b"one")
    write_whole(tmp_path / "a.txt", b"two")
    assert (tmp_path / "a.txt").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "a.txt", b"one")

    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputFailed) as caught:
        write_whole(tmp_path / "a.txt", b"two")
    assert caught.value.details == {"file": "a.txt", "reason": "No space left on device"}
    assert (tmp_path / "a.txt").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputFailed):
        write_whole(tmp_path / "nowhere" / "a.txt", b"one")


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputFailed):
        make_folder(tmp_path / "file" / "folder")
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
