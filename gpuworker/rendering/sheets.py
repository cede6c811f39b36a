"""Sheet images made of frames: WebP at the original's quality, written so that a reader never sees half a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker.whole_file import write_whole

Pixels = NDArray[np.uint8]

QUALITY = 70
METHOD = 2
"""Method 2 costs a seventh of Pillow's default 4 on a quadrant, for a tenth more bytes and half a dB more."""
POSTER_QUALITY, POSTER_METHOD = 85, 4
ROUGHER_POSTER_QUALITIES, POSTER_BYTES = (75, 60, 45), 17_500
"""A poster that would be larger, one of a grainy picture, is encoded more roughly: it is what visitors wait for. A rig
shows a larger photo in the poster's place as soon as that can be seen; where the photo is no larger, coarser steps than
these would be seen for good."""
GROUND = (236, 234, 231)
"""Behind a person without background, where a picture has to be opaque: a wall in daylight."""

SYNTHETIC_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    b'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
"""IPTC's mark for a synthetic picture: every sheet, poster and loop carries it."""


def place(sheet: Pixels, row: int, col: int, frame: Pixels) -> None:
    """Put a frame (H, W, C) into its cell of a sheet (see messages.SheetShape); larger frames are averaged down."""
    _, height, _, width, _ = sheet.shape
    if frame.shape[:2] != (height, width):
        frame = np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    sheet[row, :, col] = frame


def image_of(sheet: Pixels, rows: Sequence[int], cols: Sequence[int]) -> Image.Image:
    """A Pillow image of its own of those grid rows and columns; the sheet is free again afterwards."""
    if len(rows) != sheet.shape[0] or len(cols) != sheet.shape[2]:
        sheet = sheet[np.ix_(rows, range(sheet.shape[1]), cols)]
    grid_rows, height, grid_cols, width, channels = sheet.shape
    pixels = sheet.reshape(grid_rows * height, grid_cols * width, channels)
    image = Image.fromarray(pixels)
    return image.copy() if image.readonly else image  # RGBA would go on looking at the sheet


def on_ground(image: Image.Image) -> Image.Image:
    """An RGBA picture as an opaque one."""
    ground = Image.new("RGBA", image.size, (*GROUND, 255))
    return Image.alpha_composite(ground, image).convert("RGB")


def write(image: Image.Image, path: Path, quality: int = QUALITY, method: int = METHOD) -> None:
    """Encode as WebP and let the file appear whole. Raises OutputFailed."""
    write_whole(path, _webp(image, quality, method))


def write_poster(image: Image.Image, path: Path) -> None:
    """The same for a poster, whose quality depends on its size. Raises OutputFailed."""
    encoded = _webp(image, POSTER_QUALITY, POSTER_METHOD)
    for quality in ROUGHER_POSTER_QUALITIES:
        if len(encoded) <= POSTER_BYTES:
            break
        encoded = _webp(image, quality, POSTER_METHOD)
    write_whole(path, encoded)


def _webp(image: Image.Image, quality: int, method: int) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "WEBP", quality=quality, method=method, xmp=SYNTHETIC_XMP)
    return encoded.getvalue()
