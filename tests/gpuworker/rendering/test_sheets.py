from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gpuworker.contract import Size
from gpuworker.errors import OutputFailed
from gpuworker.rendering import sheets

FRAME = Size(12, 10)


def _canvas(rows: int, cols: int, channels: int = 3) -> sheets.Pixels:
    return np.zeros((rows, FRAME.height, cols, FRAME.width, channels), np.uint8)


def test_frames_lie_row_major() -> None:
    sheet = _canvas(2, 3)
    for row in range(2):
        for col in range(3):
            sheets.place(sheet, row, col, np.full((10, 12, 3), 40 * row + 10 * col, np.uint8))
    image = np.asarray(sheets.image_of(sheet, range(2), range(3)))
    assert image.shape == (20, 36, 3)
    assert [int(image[5 + 10 * row, 6 + 12 * col, 0]) for row in range(2) for col in range(3)] == [
        0,
        10,
        20,
        40,
        50,
        60,
    ]


def test_a_nested_sheet_keeps_its_own_rows_and_columns() -> None:
    sheet = _canvas(3, 3)
    for row in range(3):
        for col in range(3):
            sheets.place(sheet, row, col, np.full((10, 12, 3), 10 * row + col, np.uint8))
    image = np.asarray(sheets.image_of(sheet, [0, 2], [1, 2]))
    assert [int(image[y, x, 0]) for y in (5, 15) for x in (6, 18)] == [1, 2, 21, 22]


@pytest.mark.parametrize("channels", [3, 4])
def test_an_image_does_not_change_when_the_canvas_is_drawn_over(channels: int) -> None:
    sheet = _canvas(1, 1, channels)
    image = sheets.image_of(sheet, [0], [0])
    sheet[:] = 255
    assert image.getpixel((3, 3)) == (0,) * channels


def test_a_larger_frame_is_averaged_into_its_cell() -> None:
    sheet = _canvas(1, 1)
    frame = np.zeros((20, 24, 3), np.uint8)
    frame[::2] = 200
    sheets.place(sheet, 0, 0, frame)
    assert sheet.min() == sheet.max() == 100


def test_every_sheet_is_a_webp_that_says_it_is_synthetic(tmp_path: Path) -> None:
    sheets.write(Image.new("RGB", (40, 40), (200, 10, 10)), tmp_path / "q0.webp")
    with Image.open(tmp_path / "q0.webp") as image:
        assert image.format == "WEBP"
        assert b"compositeSynthetic" in image.info["xmp"]


def test_transparency_survives(tmp_path: Path) -> None:
    sheet = _canvas(1, 1, channels=4)
    sheet[:, 5:, ..., 3] = 255
    sheets.write(sheets.image_of(sheet, [0], [0]), tmp_path / "q0.webp")
    with Image.open(tmp_path / "q0.webp") as image:
        assert image.mode == "RGBA"


def test_an_opaque_ground_shows_where_a_picture_does_not() -> None:
    pixels = np.zeros((4, 6, 4), np.uint8)
    pixels[:, 3:] = (200, 10, 10, 255)
    opaque = sheets.on_ground(Image.fromarray(pixels))
    assert opaque.mode == "RGB"
    assert (opaque.getpixel((0, 0)), opaque.getpixel((5, 3))) == (sheets.GROUND, (200, 10, 10))


def test_a_sheet_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputFailed):
        sheets.write(Image.new("RGB", (4, 4)), tmp_path / "nowhere" / "q0.webp")
    assert list(tmp_path.iterdir()) == []


def test_a_poster_of_a_grainy_picture_is_encoded_only_as_roughly_as_it_must(tmp_path: Path) -> None:
    """Visitors wait for it; the photo of a rig, which replaces it, is not."""
    grain = np.random.default_rng(1).normal(128, 1, (512, 410, 3))
    coarsest = sheets.ROUGHER_POSTER_QUALITIES[-1]
    for name, spread, quality in (("smooth", 2, sheets.POSTER_QUALITY), ("grain", 9, 60), ("noise", 60, coarsest)):
        image = Image.fromarray(np.clip(128 + (grain - 128) * spread, 0, 255).astype(np.uint8))
        sheets.write_poster(image, tmp_path / "poster.webp")
        sheets.write(image, tmp_path / "same.webp", quality, sheets.POSTER_METHOD)
        assert (tmp_path / "poster.webp").read_bytes() == (tmp_path / "same.webp").read_bytes(), name
