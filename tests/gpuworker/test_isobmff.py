"""Boxes of AVIF and HEIC files: the picture that is shown, what decoding it takes, and nothing looked at for ever."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from gpuworker import isobmff
from gpuworker.errors import UnreadablePhoto
from gpuworker.isobmff import Picture, primary
from tests.gpuworker import heic
from tests.gpuworker.heic import ASTRONAUT, TILE, box, full


def picture(file: bytes) -> Picture:
    found = primary(file)
    assert found is not None
    return found


def avif(alpha: bool = False, side: int = 64) -> bytes:
    file = io.BytesIO()
    noise = Image.effect_noise((side, side), 40)
    picture = Image.merge("RGBA", [noise] * 4) if alpha else noise.convert("RGB")
    picture.save(file, "AVIF", speed=10)
    return file.getvalue()


def test_a_single_picture_is_read() -> None:
    found = picture(ASTRONAUT.read_bytes())
    assert (found.codec, found.width, found.height, found.coded_pixels) == (b"hvc1", TILE, TILE, TILE**2)
    assert (found.bits, found.alpha, found.nclx, found.grid) == (8, False, (1, 13), None)


def test_alpha_is_decoded_too() -> None:
    plain, alpha = picture(avif()), picture(avif(alpha=True))
    assert (plain.alpha, alpha.alpha) == (False, True)
    assert alpha.coded_pixels == 2 * plain.coded_pixels == 2 * 64 * 64


def test_a_grid_is_known_with_its_tiles() -> None:
    file = heic.grid(3, 2, cut=(10, 20), turns=3)
    grid = picture(file).grid
    assert grid is not None
    assert (grid.width, grid.height, grid.columns, len(grid.tiles)) == (3 * TILE - 10, 2 * TILE - 20, 3, 6)
    assert (grid.tile_width, grid.tile_height, grid.turns, grid.mirror) == (TILE, TILE, 3, None)
    assert [part[4:8] for part in grid.properties] == [b"hvcC", b"ispe", b"colr"]
    assert {file[start:end] for start, end in grid.tiles} == {heic.astronaut()[1]}


def test_a_grid_counts_every_tile_also_where_all_are_the_same_bytes() -> None:
    file = heic.grid(20, 16)
    assert len(file) < 60_000
    assert picture(file).coded_pixels == 20 * 16 * TILE**2


@pytest.mark.parametrize(
    "file",
    [
        heic.grid(2, 2, more=(box(b"clap", bytes(32)),)),
        heic.grid(2, 2, turns=1, mirror=1, order=(b"imir", b"irot")),
        heic.grid(2, 2).replace(struct.pack(">4B", 0, 1, 1, 1), struct.pack(">4B", 0, 1, 1, 2)),
        heic.grid(2, 2).replace(b"hvc1", b"av01", 1),
        heic.grid(2, 2, copies=True)[:-10],
    ],
    ids=["cut out", "mirrored before it is turned", "a tile is missing", "two codecs", "beyond the file"],
)
def test_an_unusual_grid_is_left_to_the_library(file: bytes) -> None:
    assert picture(file).grid is None


def test_a_file_that_understates_its_coded_size_is_counted_by_its_stream() -> None:
    file = ASTRONAUT.read_bytes().replace(heic.size(TILE, TILE), heic.size(8, 8))
    found = picture(file)
    assert (found.width, found.height) == (8, 8)
    assert found.coded_pixels == TILE**2


def test_an_avif_that_understates_its_coded_size_is_counted_by_its_stream() -> None:
    file = avif().replace(heic.size(64, 64), heic.size(8, 8))
    assert picture(file).coded_pixels == 64 * 64


def derived(parts: list[list[int]]) -> bytes:
    """A file whose items are overlays of others; the first is shown. parts: by item, from 1."""
    infos = [full(b"infe", 2, struct.pack(">HH4sB", n, 0, b"iovl", 0)) for n in range(1, len(parts) + 1)]
    references = [
        box(b"dimg", struct.pack(f">HH{len(part)}H", n, len(part), *part)) for n, part in enumerate(parts, 1) if part
    ]
    return box(b"ftyp", b"heic", bytes(4)) + full(
        b"meta", 0,
        full(b"pitm", 0, struct.pack(">H", 1)),
        full(b"iinf", 0, struct.pack(">H", len(parts)), *infos),
        full(b"iref", 0, *references),
        box(
            b"iprp",
            box(b"ipco", heic.size(1000, 1000)),
            full(b"ipma", 0, struct.pack(">I", 1), struct.pack(">HBB", len(parts), 1, 1)),
        ),
    )  # fmt: skip


def test_layers_of_layers_multiply() -> None:
    assert picture(derived([[2] * 10, [3] * 10, [4] * 10, []])).coded_pixels == 1000 * 1_000_000


def test_a_picture_made_of_itself_is_refused() -> None:
    with pytest.raises(UnreadablePhoto):
        primary(derived([[2], [1]]))


def test_layers_deeper_than_any_picture_has_are_refused() -> None:
    with pytest.raises(UnreadablePhoto):
        primary(derived([[n + 2] for n in range(isobmff.MAX_DEPTH + 5)] + [[]]))


class CountedBytes(bytes):
    """Counts how often a part of it is taken out."""

    looks = 0

    def __getitem__(self, key: object) -> object:  # type: ignore[override]
        CountedBytes.looks += 1
        return super().__getitem__(key)  # type: ignore[index]


MANY = 60_000
TRAPS = {
    "boxes": box(b"free") * MANY,
    "boxes in boxes": box(b"moov", box(b"moov", box(b"moov", box(b"free") * MANY))),
    "infos": full(b"meta", 0, full(b"iinf", 0, bytes(2), full(b"infe", 2, bytes(9)) * MANY)),
    "locations": full(b"meta", 0, full(b"iloc", 0, b"\0\0" + struct.pack(">H", 65_535), bytes(MANY * 6))),
    "links": full(
        b"meta", 0, box(b"iprp", full(b"ipma", 0, struct.pack(">I", 1 << 31), struct.pack(">HB", 1, 0) * MANY))
    ),
    "references": full(b"meta", 0, full(b"iref", 0, box(b"dimg", struct.pack(">HH", 1, 65_535), bytes(2 * 65_535)))),
}


@pytest.mark.parametrize("content", TRAPS.values(), ids=TRAPS.keys())
def test_a_file_of_endless_parts_is_refused_after_a_bounded_number_of_them(content: bytes) -> None:
    file = CountedBytes(box(b"ftyp", b"heic", bytes(4)) + content)
    CountedBytes.looks = 0
    with pytest.raises(UnreadablePhoto):
        primary(file)
    assert CountedBytes.looks < 8 * isobmff.MAX_PARTS


def test_boxes_nested_without_end_are_not_followed() -> None:
    nested = box(b"free")
    for _ in range(3_000):
        nested = box(b"moov", nested)
    assert primary(box(b"ftyp", b"heic", bytes(4)) + nested) is None


def test_a_file_without_a_picture_has_none() -> None:
    assert primary(box(b"ftyp", b"heic", bytes(4))) is None
