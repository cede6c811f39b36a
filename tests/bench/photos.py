"""The photos that benchmarks read: the astronaut, and every portrait of $PORTRAITS or shared/portraits."""

from __future__ import annotations

import io
import os
from pathlib import Path

import skimage.data
from PIL import Image

from gpuworker.errors import RenderError
from gpuworker.images import photo
from gpuworker.vision import bundled_networks, faces
from tests.bench.figures import REPOSITORY

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif"}


def human_faces() -> dict[str, bytes]:
    """Name → encoded photo, of those that the worker accepts; says which it leaves out and why."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "PNG")
    bundled_networks.warm()
    found = {"astronaut": file.getvalue()}
    folder = Path(os.environ.get("PORTRAITS", REPOSITORY.parent / "shared" / "portraits"))
    if not folder.is_dir():
        print(f"{folder} is not there; only the astronaut is measured. PORTRAITS=dir names another folder.")
        return found
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES):
        try:
            pixels = photo.read(path.read_bytes()).pixels
            faces.choose(faces.find(pixels), None, pixels.shape)
        except RenderError as error:
            print(f"{path.name} is left out: {error.sentence}")
        else:
            found[path.stem] = path.read_bytes()
    return found
