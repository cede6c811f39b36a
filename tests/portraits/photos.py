"""Photos as people send them."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import skimage.data
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


@cache
def astronaut(kind: str = "JPEG") -> bytes:
    """One usable face, 93 pixels wide (NASA, public domain)."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, kind)
    return file.getvalue()


@cache
def wall() -> bytes:
    """Nobody is in it."""
    file = io.BytesIO()
    Image.fromarray(np.full((400, 400, 3), 180, np.uint8)).save(file, "PNG")
    return file.getvalue()


def upload(data: bytes, name: str = "me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")
