"""Stream of a large response from a temporary file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from portraits.files.temporary_stream import MAX_PER_PERSON, PIECE, TemporaryStream, TooManyDownloads


async def pieces(file: TemporaryStream) -> list[bytes]:
    return [piece async for piece in file]


def test_what_is_written_comes_out_in_pieces(tmp_path: Path) -> None:
    data = os.urandom(2 * PIECE + 17)
    file = TemporaryStream(tmp_path, 1)
    file.target.write(data)
    assert file.size() == len(data)
    read = asyncio.run(pieces(file))
    assert [len(piece) for piece in read] == [PIECE, PIECE, 17]
    assert b"".join(read) == data
    file.close()


def test_it_has_no_name_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    file = TemporaryStream(folder, 1)
    file.target.write(b"x" * (1 << 20))
    file.size()
    left = list(folder.iterdir())
    file.close()
    assert left == []
    assert file.target.closed


def test_an_empty_one_ends_at_once(tmp_path: Path) -> None:
    file = TemporaryStream(tmp_path, 1)
    assert asyncio.run(pieces(file)) == []
    file.close()


def test_a_person_has_so_many_at_a_time_and_others_have_theirs(tmp_path: Path) -> None:
    """Each stream keeps its bytes on disk for as long as its client reads."""
    files = [TemporaryStream(tmp_path, "owner") for _ in range(MAX_PER_PERSON)]
    with pytest.raises(TooManyDownloads):
        TemporaryStream(tmp_path, "owner")
    files.append(TemporaryStream(tmp_path, "stranger"))
    files[0].close()
    files[0].close()
    files.append(TemporaryStream(tmp_path, "owner"))
    with pytest.raises(TooManyDownloads):
        TemporaryStream(tmp_path, "owner")
    for file in files:
        file.close()


def test_one_that_could_not_be_made_takes_no_place(tmp_path: Path) -> None:
    for _ in range(MAX_PER_PERSON + 1):
        with pytest.raises(FileNotFoundError):
            TemporaryStream(tmp_path / "missing", "owner")
    TemporaryStream(tmp_path, "owner").close()
