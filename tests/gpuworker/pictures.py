"""Pictures of the tests: as files, in other sizes, and the face in them."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker.vision import faces
from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture


def encoded(pixels: NDArray[np.uint8], kind: str = "JPEG") -> bytes:
    """pixels (H, W, 3) as the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=92)
    return file.getvalue()


def resized(pixels: Picture, scale: float) -> Picture:
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC).astype(np.uint8)


def chosen(pixels: Picture, index: int | None = None) -> Face:
    """The face that a render would take. Raises what faces.choose raises."""
    return faces.choose(faces.find(pixels), index, pixels.shape)
