"""Boxes of AVIF and HEIC files (ISO/IEC 14496-12 and 23008-12): which picture is shown, and what it is made of.

No part is looked at twice, and no more than MAX_PARTS are looked at. Nothing is decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from gpuworker.errors import UnreadablePhoto
from gpuworker.images import coded_size

MAX_PARTS = 20_000
"""Boxes, items, references and property links together. A phone's photo of 48 megapixels has some 2,000."""
MAX_DEPTH = 8

_MOVIE = frozenset((b"moov", b"trak", b"mdia", b"minf"))
_ONCE = frozenset((b"pitm", b"iinf", b"iref", b"iprp", b"iloc", b"idat"))
"""Boxes of which a file has one: with two, a decoder might read the other."""
_SAMPLES = frozenset((b"stsd", b"stsz", b"stco", b"co64"))
_TILE_PROPERTIES = frozenset((b"hvcC", b"ispe", b"colr", b"pixi"))
_GRID_PROPERTIES = frozenset((b"ispe", b"colr", b"pixi", b"irot", b"imir", b"clli", b"mdcv", b"cclv"))
_CODED = frozenset((b"hvc1", b"av01"))
_KINDS = _CODED | {b"grid", b"iden"}
"""Kinds of items whose cost is known. An overlay's canvas may have any size, whatever is laid on it."""
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


@dataclass(frozen=True)
class Grid:
    """Picture of equal HEVC tiles, each a stretch of the file.

    width, height: of the picture as put together, before it is turned. tile_width, tile_height: pixels.
    tiles: (start, end) in the file, row by row. properties: the tiles' boxes, as they stand in the file.
    turns: how often the picture is turned by 90° counter-clockwise. mirror: after that, 0 swaps top and
    bottom, 1 swaps left and right, None neither.
    """

    width: int
    height: int
    columns: int
    tile_width: int
    tile_height: int
    tiles: tuple[tuple[int, int], ...]
    properties: tuple[bytes, ...]
    turns: int = 0
    mirror: int | None = None


@dataclass(frozen=True)
class Picture:
    """The picture that a file shows.

    coded_pixels: that are decoded for it, its tiles, layers and alpha included. nclx: primaries and
    transfer as H.273 numbers them.
    """

    codec: bytes
    width: int
    height: int
    coded_pixels: int
    bits: int = 8
    alpha: bool = False
    nclx: tuple[int, int] | None = None
    grid: Grid | None = None


@dataclass
class _Box:
    name: bytes
    start: int
    at: int
    end: int


@dataclass
class _Item:
    kind: bytes = b""
    properties: list[_Box] = field(default_factory=list)
    extents: list[tuple[int, int]] = field(default_factory=list)
    method: int = 0
    joined: bytes | None = None
    parts: list[int] = field(default_factory=list)


def primary(file: bytes) -> Picture | None:
    """The primary picture, or None when there is none. Raises UnreadablePhoto for a trap."""
    return _File(file).picture()


class _File:
    """One file's boxes, read once."""

    def __init__(self, file: bytes) -> None:
        self._file = file
        self._parts = 0
        self._items: dict[int, _Item] = {}
        self._primary: int | None = None
        self._auxiliaries: list[tuple[int, int]] = []
        self._inline_start = 0
        self._joined = 0
        self._seen: set[bytes] = set()
        self._movie_pixels = 0
        self._costs: dict[int, int] = {}
        self._read(0, len(file), 0)

    def picture(self) -> Picture | None:
        item = self._items.get(self._primary) if self._primary is not None else None
        if item is None or self._primary is None:
            return None
        width, height = self._size(item)
        alphas = [one for one, of in self._auxiliaries if of == self._primary and self._is_alpha(self._items.get(one))]
        cost = self._cost(self._primary, 0) + sum(self._cost(one, 0) for one in alphas[:1])
        coded = self._first_coded(item)
        return Picture(
            codec=coded.kind,
            width=width,
            height=height,
            coded_pixels=max(cost, self._movie_pixels),
            bits=self._bits(coded),
            alpha=bool(alphas),
            nclx=self._nclx(item) or self._nclx(coded) or self._av1_code_points(coded),
            grid=None if alphas else self._grid(item),
        )

    # ------------------------------------------------------------------ boxes

    def _count(self, parts: int = 1) -> None:
        self._parts += parts
        if self._parts > MAX_PARTS:
            raise UnreadablePhoto

    def _boxes(self, start: int, end: int) -> Iterator[_Box]:
        at = start
        while at + 8 <= end:
            self._count()
            length, name = struct.unpack_from(">I4s", self._file, at)
            head = 8
            if length == 1:
                length, head = struct.unpack_from(">Q", self._file, at + 8)[0], 16
            elif length == 0:
                length = end - at
            if length < head:
                return
            yield _Box(name, at, at + head, min(at + length, end))
            at += length

    def _read(self, start: int, end: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            return
        for box in self._boxes(start, end):
            if box.name in _ONCE:
                self._demand_first(box.name)
            reader = _READERS.get(box.name)
            if reader is not None:
                reader(self, box)
            elif box.name == b"meta":
                self._read(box.at + 4, box.end, depth + 1)
            elif box.name in _MOVIE:
                self._read(box.at, box.end, depth + 1)

    def _demand_first(self, name: bytes) -> None:
        if name in self._seen:
            raise UnreadablePhoto
        self._seen.add(name)

    def _unpack(self, form: str, at: int) -> int:
        value: int = struct.unpack_from(form, self._file, at)[0]
        return value

    def _version(self, box: _Box) -> int:
        return self._file[box.at]

    def _read_primary(self, box: _Box) -> None:
        self._primary = self._unpack(">I" if self._version(box) else ">H", box.at + 4)

    def _read_infos(self, box: _Box) -> None:
        for entry in self._boxes(box.at + (8 if self._version(box) else 6), box.end):
            version = self._version(entry)
            if entry.name == b"infe" and version >= 2:
                at = entry.at + 4
                wide = version > 2
                kind = at + (6 if wide else 4)
                self._item(self._unpack(">I" if wide else ">H", at)).kind = self._file[kind : kind + 4]

    def _read_references(self, box: _Box) -> None:
        form, size = (">I", 4) if self._version(box) else (">H", 2)
        for entry in self._boxes(box.at + 4, box.end):
            source = self._unpack(form, entry.at)
            count = self._unpack(">H", entry.at + size)
            self._count(count)
            targets = [self._unpack(form, entry.at + size + 2 + size * n) for n in range(count)]
            if entry.name == b"dimg":
                self._item(source).parts.extend(targets)
            elif entry.name == b"auxl":
                self._auxiliaries.extend((source, target) for target in targets)

    def _read_properties(self, box: _Box) -> None:
        known: list[_Box] = []
        for part in self._boxes(box.at, box.end):
            if part.name == b"ipco":
                known = list(self._boxes(part.at, part.end))
            elif part.name == b"ipma":
                self._link(part, known)

    def _link(self, box: _Box, known: list[_Box]) -> None:
        form, size = (">I", 4) if self._version(box) else (">H", 2)
        wide = self._file[box.at + 3] & 1
        at = box.at + 8
        for _ in range(self._unpack(">I", box.at + 4)):
            self._count()
            item = self._item(self._unpack(form, at))
            links = self._file[at + size]
            at += size + 1
            self._count(links)
            for _ in range(links):
                index = self._unpack(">H", at) & 0x7FFF if wide else self._file[at] & 0x7F
                at += 2 if wide else 1
                if 0 < index <= len(known):
                    item.properties.append(known[index - 1])

    def _read_locations(self, box: _Box) -> None:
        version = self._version(box)
        sizes = self._unpack(">H", box.at + 4)
        offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
        index = index if version else 0
        at = box.at + 6
        number = 4 if version > 1 else 2
        count, at = self._integer(at, number)
        for _ in range(count):
            self._count()
            identity, at = self._integer(at, number)
            item = self._item(identity)
            if version:
                method, at = self._integer(at, 2)
                item.method = method & 15
            start, at = self._integer(at + 2, base)
            extents, at = self._integer(at, 2)
            self._count(extents)
            for _ in range(extents):
                shift, at = self._integer(at + index, offset)
                size, at = self._integer(at, length)
                item.extents.append((start + shift, start + shift + size if size else len(self._file)))

    def _integer(self, at: int, size: int) -> tuple[int, int]:
        """Integer of `size` bytes, and where the next begins."""
        if at + size > len(self._file):
            raise UnreadablePhoto
        return int.from_bytes(self._file[at : at + size], "big"), at + size

    def _read_inline(self, box: _Box) -> None:
        self._inline_start = box.at

    def _read_samples(self, box: _Box) -> None:
        """Size of an image sequence, by its sample descriptions and by its first picture."""
        boxes: dict[bytes, _Box] = {}
        for part in self._boxes(box.at, box.end):
            if part.name in _SAMPLES and part.name in boxes:
                raise UnreadablePhoto
            boxes[part.name] = part
        if b"stsd" not in boxes:
            return
        for entry in self._boxes(boxes[b"stsd"].at + 8, boxes[b"stsd"].end):
            width, height = struct.unpack_from(">HH", self._file, entry.at + 24)
            pixels = self._av1_pixels(self._first_sample(boxes)) if entry.name == b"av01" else 0
            self._movie_pixels = max(self._movie_pixels, width * height, pixels)

    def _first_sample(self, boxes: dict[bytes, _Box]) -> memoryview:
        """A track's first sample: it begins the first chunk. Raises UnreadablePhoto when there is none."""
        places = [(form, boxes[name].at) for name, form in ((b"stco", ">I"), (b"co64", ">Q")) if name in boxes]
        if len(places) != 1 or b"stsz" not in boxes:
            raise UnreadablePhoto
        (form, at), sizes = places[0], boxes[b"stsz"].at
        start = self._unpack(form, at + 8)
        size = self._unpack(">I", sizes + 4) or self._unpack(">I", sizes + 12)
        return memoryview(self._file)[start : start + size]

    # ------------------------------------------------------------------ items

    def _item(self, identity: int) -> _Item:
        return self._items.setdefault(identity, _Item())

    def _property(self, item: _Item, name: bytes) -> _Box | None:
        return next((box for box in item.properties if box.name == name), None)

    def _size(self, item: _Item) -> tuple[int, int]:
        box = self._property(item, b"ispe")
        if box is None:
            return 0, 0
        width, height = struct.unpack_from(">II", self._file, box.at + 4)
        return width, height

    def _cost(self, identity: int, depth: int) -> int:
        """Pixels that are decoded for an item; each item is looked at once. Raises UnreadablePhoto for a trap."""
        if identity not in self._costs:
            if depth > MAX_DEPTH:
                raise UnreadablePhoto
            item = self._items.get(identity, _Item())
            width, height = self._size(item)
            pixels = max(width * height, self._own_pixels(item))
            parts = sum(self._cost(part, depth + 1) for part in item.parts)
            self._costs[identity] = max(pixels, parts)
        return self._costs[identity]

    def _own_pixels(self, item: _Item) -> int:
        """Pixels as the item's own bytes say, which may not be what the file says of it."""
        if item.kind not in _KINDS:
            raise UnreadablePhoto
        if item.kind == b"grid":
            _, _, width, height = self._grid_shape(item) or (0, 0, 0, 0)
            return self._demand(width * height)
        if item.kind == b"av01":
            return self._av1_pixels(self._data(item))
        return self._hevc_pixels(item) if item.kind == b"hvc1" else 0

    def _av1_pixels(self, stream: coded_size.Units) -> int:
        return self._demand(coded_size.av1(stream, self._count))

    def _hevc_pixels(self, item: _Item) -> int:
        """Pixels by the parameter sets beside the coded picture and those within it."""
        beside = [coded_size.hevc(self._file[box.at : box.end]) for box in item.properties if box.name == b"hvcC"]
        return self._demand(max(*beside, 0, coded_size.hevc_stream(self._data(item), self._count)))

    def _demand(self, pixels: int) -> int:
        """Raises UnreadablePhoto when a stream does not say its size: its decoder would find one somewhere."""
        if not pixels:
            raise UnreadablePhoto
        return pixels

    def _data(self, item: _Item) -> coded_size.Units:
        """Bytes of a coded item. Raises UnreadablePhoto where they are made of another item's, or of more than is."""
        if item.method > 1:
            raise UnreadablePhoto
        start = self._inline_start if item.method else 0
        parts = [memoryview(self._file)[start + first : start + end] for first, end in item.extents]
        if len(parts) == 1:
            return parts[0]
        if item.joined is None:
            self._joined += sum(len(part) for part in parts)
            if self._joined > len(self._file):
                raise UnreadablePhoto
            item.joined = b"".join(parts)
        return item.joined

    def _av1_code_points(self, item: _Item) -> tuple[int, int] | None:
        return coded_size.av1_code_points(self._data(item)) if item.kind == b"av01" else None

    def _first_coded(self, item: _Item) -> _Item:
        """The item itself or the first of its parts that is a coded picture."""
        for _ in range(MAX_DEPTH):
            if item.kind in _CODED or not item.parts:
                break
            item = self._items.get(item.parts[0], _Item())
        return item

    def _is_alpha(self, item: _Item | None) -> bool:
        box = self._property(item, b"auxC") if item else None
        return box is not None and self._file[box.at + 4 : box.end].startswith(_ALPHA)

    def _bits(self, item: _Item) -> int:
        box = self._property(item, b"pixi")
        return self._file[box.at + 5] if box and box.end > box.at + 5 else 8

    def _nclx(self, item: _Item) -> tuple[int, int] | None:
        for box in item.properties:
            if box.name == b"colr" and self._file[box.at : box.at + 4] == b"nclx":
                primaries, transfer = struct.unpack_from(">HH", self._file, box.at + 4)
                return primaries, transfer
        return None

    # ------------------------------------------------------------------- grid

    def _grid(self, item: _Item) -> Grid | None:
        """The item as tiles, when it is made of nothing but equal HEVC tiles that lie in the file."""
        if item.kind != b"grid" or not item.parts or not {box.name for box in item.properties} <= _GRID_PROPERTIES:
            return None
        shape = self._grid_shape(item)
        tiles = [self._items.get(part, _Item()) for part in item.parts]
        first = tiles[0]
        links = [box.start for box in first.properties]
        usual = {box.name for box in first.properties} <= _TILE_PROPERTIES and self._property(first, b"hvcC")
        if shape is None or not usual:
            return None
        columns, rows, width, height = shape
        tile_width, tile_height = self._size(first)
        if len(tiles) != columns * rows or not (tile_width and tile_height):
            return None
        if columns * tile_width < width or rows * tile_height < height:
            return None
        if not all(self._like(tile, links) for tile in tiles):
            return None
        turn, mirror = self._property(item, b"irot"), self._property(item, b"imir")
        if turn and mirror and item.properties.index(turn) > item.properties.index(mirror):
            return None  # in that order they mean something else
        colour = [] if self._property(first, b"colr") else [box for box in item.properties if box.name == b"colr"]
        return Grid(
            width, height, columns, tile_width, tile_height,
            tiles=tuple(tile.extents[0] for tile in tiles),
            properties=tuple(self._file[box.start : box.end] for box in [*first.properties, *colour]),
            turns=self._file[turn.at] & 3 if turn else 0,
            mirror=self._file[mirror.at] & 1 if mirror else None,
        )  # fmt: skip

    def _like(self, tile: _Item, links: list[int]) -> bool:
        """Whether a tile has those properties and is one stretch of the file."""
        return (
            tile.kind == b"hvc1"
            and not tile.method
            and len(tile.extents) == 1
            and tile.extents[0][1] <= len(self._file)
            and [box.start for box in tile.properties] == links
        )

    def _grid_shape(self, item: _Item) -> tuple[int, int, int, int] | None:
        """Columns, rows, width and height from the item's own bytes."""
        if len(item.extents) != 1:
            return None
        start = item.extents[0][0] + (self._inline_start if item.method else 0)
        _, flags, rows, columns = struct.unpack_from(">4B", self._file, start)
        width, height = struct.unpack_from(">II" if flags & 1 else ">HH", self._file, start + 4)
        return columns + 1, rows + 1, width, height


_READERS = {
    b"pitm": _File._read_primary,
    b"iinf": _File._read_infos,
    b"iref": _File._read_references,
    b"iprp": _File._read_properties,
    b"iloc": _File._read_locations,
    b"idat": _File._read_inline,
    b"stbl": _File._read_samples,
}
