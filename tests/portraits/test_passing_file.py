"""A large answer on its way out."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from portraits.passing_file import PIECE, PassingFile


async def pieces(file: PassingFile) -> list[bytes]:
    return [piece async for piece in file]


def test_what_is_written_comes_out_in_pieces(tmp_path: Path) -> None:
    data = os.urandom(2 * PIECE + 17)
    file = PassingFile(tmp_path)
    file.target.write(data)
    assert file.size() == len(data)
    read = asyncio.run(pieces(file))
    assert [len(piece) for piece in read] == [PIECE, PIECE, 17]
    assert b"".join(read) == data
    file.close()


def test_it_has_no_name_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    file = PassingFile(folder)
    file.target.write(b"x" * (1 << 20))
    file.size()
    left = list(folder.iterdir())
    file.close()
    assert left == []
    assert file.target.closed


def test_an_empty_one_ends_at_once(tmp_path: Path) -> None:
    file = PassingFile(tmp_path)
    assert asyncio.run(pieces(file)) == []
    file.close()
