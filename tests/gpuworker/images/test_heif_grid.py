"""HEIC grids decoded tile by tile are what the library makes of the whole."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pi_heif  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray

from gpuworker.errors import UnreadablePhoto
from gpuworker.images import heif_grid, photo
from gpuworker.images.isobmff import Grid, primary
from tests.gpuworker import heic


def grid_of(file: bytes) -> Grid:
    picture = primary(file)
    assert picture is not None
    assert picture.grid is not None
    return picture.grid


def whole(file: bytes) -> NDArray[np.uint8]:
    image = pi_heif.open_heif(io.BytesIO(file))
    return np.array(image)


@pytest.mark.parametrize(
    "options",
    [{}, {"cut": (100, 30)}, {"turns": 1}, {"turns": 2}, {"turns": 3, "cut": (100, 30)}, {"mirror": 0}, {"mirror": 1}]
    + [{"turns": 1, "mirror": 0}, {"turns": 3, "mirror": 1}, {"copies": True}],
    ids=str,
)
def test_the_tiles_together_are_the_whole(options: dict[str, Any]) -> None:
    file = heic.grid(2, 1, **options)
    np.testing.assert_array_equal(heif_grid.decode(file, grid_of(file)), whole(file))


@pytest.mark.parametrize("factor", [2, 4])
def test_reduced_tiles_are_the_reduced_whole(factor: int) -> None:
    file = heic.grid(2, 1, cut=(8, 16), turns=3)
    expected = whole(file)
    size = (expected.shape[1] // factor, expected.shape[0] // factor)
    reduced = cv2.resize(expected, size, interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(heif_grid.decode(file, grid_of(file), factor), reduced)


def test_a_photo_of_tiles_is_decoded_by_tiles_and_no_larger_than_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    decode = heif_grid.decode
    monkeypatch.setattr(
        heif_grid, "decode", lambda file, grid, factor: asked.append(factor) or decode(file, grid, factor)
    )
    file = heic.grid(3, 2)
    assert photo.read(file).pixels.shape == (768, 1152, 3)
    assert photo.read(file, enough=700).pixels.shape == (384, 576, 3)
    assert asked == [1, 2]


def test_a_tile_that_is_garbage_makes_the_photo_unreadable() -> None:
    file = bytearray(heic.grid(2, 1, copies=True))
    start, end = grid_of(bytes(file)).tiles[1]
    file[start:end] = bytes(end - start)
    with pytest.raises(UnreadablePhoto):
        photo.read(bytes(file))


def test_a_tile_of_another_size_makes_the_photo_unreadable() -> None:
    file = heic.grid(2, 1).replace(heic.size(heic.TILE, heic.TILE), heic.size(256, 256))
    with pytest.raises(UnreadablePhoto):
        photo.read(file.replace(heic.size(2 * heic.TILE, heic.TILE), heic.size(512, 256)))


def test_pictures_beside_the_one_that_is_shown_do_not_make_an_animation() -> None:
    """Neither a burst nor tiles that are not marked as hidden."""
    file = heic.grid(9, 8)
    assert len(pi_heif.open_heif(io.BytesIO(file))) > photo.MAX_FRAMES
    assert photo.read(file, enough=700).pixels.shape == (768, 864, 3)
