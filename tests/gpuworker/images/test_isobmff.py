"""Boxes of AVIF and HEIC files: the picture that is shown, what decoding it takes, and nothing looked at for ever."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from gpuworker.errors import UnreadablePhoto
from gpuworker.images import coded_size, isobmff
from gpuworker.images.isobmff import Picture, primary
from tests.gpuworker import heic
from tests.gpuworker.heic import ASTRONAUT, TILE, box, full
from tests.gpuworker.images.test_coded_size import bits, stream


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
        heic.grid(2, 2, copies=True)[:-10],
    ],
    ids=["cut out", "mirrored before it is turned", "a tile is missing", "beyond the file"],
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


SMALL, LARGE = stream(64, 64), stream(640, 480)
DELIMITER = b"\x12\0"
PADDING = bytes([0x7A, 80]) + bytes(79) + b"\x80"
SEQUENCE = SMALL[2 : 4 + SMALL[3]]
"""A sequence header of 64 × 64 pixels."""


def still(*extents: bytes, method: int = 0, kind: bytes = b"av01") -> bytes:
    """An AVIF file that says that its picture has 64 × 64 pixels. method: of its location; 1 is within `idat`."""
    data = b"".join(extents)

    def head(start: int) -> bytes:
        places, at = b"", 0 if method else start
        for extent in extents:
            places += struct.pack(">II", at, len(extent))
            at += len(extent)
        location = struct.pack(">HHHHHH", 0x4400, 1, 1, method, 0, len(extents)) + places
        return box(b"ftyp", b"avif", bytes(4), b"avifmif1") + full(
            b"meta", 0,
            full(b"pitm", 0, struct.pack(">H", 1)),
            full(b"iinf", 0, struct.pack(">H", 1), full(b"infe", 2, struct.pack(">HH4sB", 1, 0, kind, 0))),
            full(b"iloc", 1, location),
            box(b"iprp", box(b"ipco", heic.size(64, 64)), full(b"ipma", 0, struct.pack(">IHBB", 1, 1, 1, 1))),
            *([box(b"idat", data)] if method else []),
        )  # fmt: skip

    return head(len(head(0)) + 8) + (b"" if method else box(b"mdat", data))


def sequence() -> bytes:
    """An image sequence of 640 × 480 pixels that says 64 × 64, and whose still picture has as many."""
    frames = [Image.effect_noise((640, 480), 40).convert("RGB") for _ in range(2)]
    written = io.BytesIO()
    frames[0].save(written, "AVIF", speed=10, save_all=True, append_images=frames[1:])
    file = bytearray(written.getvalue().replace(heic.size(640, 480), heic.size(64, 64)))
    place = file.index(b"iloc") + int.from_bytes(file[file.index(b"iloc") - 4 : file.index(b"iloc")], "big") - 12
    struct.pack_into(">II", file, place, len(file), len(SMALL))
    struct.pack_into(">HH", file, file.index(b"av01", file.index(b"stsd")) + 28, 64, 64)
    return bytes(file) + SMALL


UNDERSTATED = {
    "as it is": still(LARGE),
    "within its boxes": still(LARGE, method=1),
    "in parts": still(LARGE[:5], LARGE[5:]),
    "after padding": still(DELIMITER + PADDING + LARGE[2:]),
    "after another header": still(DELIMITER + SEQUENCE + LARGE[2:]),
    "in a sequence": sequence(),
}


@pytest.mark.parametrize("file", UNDERSTATED.values(), ids=UNDERSTATED.keys())
def test_an_avif_is_counted_by_what_is_decoded_wherever_that_lies(file: bytes) -> None:
    assert (picture(file).width, picture(file).height) == (64, 64)
    assert picture(file).coded_pixels == 640 * 480


def test_many_hidden_frames_count_as_many_pictures() -> None:
    assert picture(still(SMALL + SMALL[4 + SMALL[3] :] * 39)).coded_pixels == 10 * 64 * 64


REFUSED = {
    "without a size of its own": still(DELIMITER + PADDING),
    "without data": still(),
    "in another item": still(LARGE, method=2),
    "of parts that are more than the file": still(*[b""] * 9, LARGE),
    "of an unknown kind": still(LARGE, kind=b"iovl"),
    "located twice": still(LARGE).replace(b"hdlr", b"free") + full(b"meta", 0, full(b"iloc", 1, bytes(6))),
    "a sequence without samples": sequence().replace(b"stsz", b"free"),
    "a sequence of two tables": sequence().replace(b"stts", b"stsz"),
    "a grid of two codecs": heic.grid(2, 2).replace(b"hvc1", b"av01", 1),
    "HEIC without a parameter set": heic.grid(1, 1).replace(b"hvcC", b"free"),
    "an overlay, whose canvas may be larger": heic.grid(1, 1).replace(b"grid", b"iovl"),
}


@pytest.mark.parametrize("file", REFUSED.values(), ids=REFUSED.keys())
def test_a_picture_whose_coded_size_is_not_known_is_refused(file: bytes) -> None:
    with pytest.raises(UnreadablePhoto):
        primary(file)


def test_a_grid_that_understates_its_canvas_is_counted_by_it() -> None:
    own, larger = (struct.pack(">4B2I", 0, 1, 0, 0, side, side) for side in (TILE, 9_000))
    assert picture(heic.grid(1, 1).replace(own, larger)).coded_pixels == 81_000_000


def test_a_heic_is_counted_by_the_parameter_sets_within_it_too() -> None:
    coded = heic.astronaut()[1]
    sides = [(0, 13), (9_001, 14)] * 2
    large = bits((33, 7), (1, 9), (0, 4), (0, 3), (1, 1), (0, 96), (1, 1), (0b010, 3), *sides)
    assert coded_size.hevc_stream(coded, lambda: None) == 0
    assert coded_size.hevc_stream(struct.pack(">I", len(large)) + large + coded, lambda: None) == 9_000 * 9_000


def derived(parts: list[list[int]], kind: bytes = b"iden") -> bytes:
    """A file whose items are made of others; the first is shown. parts: by item, from 1."""
    infos = [full(b"infe", 2, struct.pack(">HH4sB", n, 0, kind, 0)) for n in range(1, len(parts) + 1)]
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
