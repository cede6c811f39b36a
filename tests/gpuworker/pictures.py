"""Pictures as files: what an upload is before it is decoded."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def encoded(pixels: NDArray[np.uint8], kind: str = "JPEG") -> bytes:
    """pixels (H, W, 3) as the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=92)
    return file.getvalue()
