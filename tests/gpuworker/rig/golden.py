"""The golden pair: a rig of the astronaut in a small frame, and what every reader must find in it.

python -m tests.gpuworker.rig.golden writes both files anew.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import skimage.data

from gpuworker.contract import Size
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.images.photo import Photo
from gpuworker.rig import rig_file
from gpuworker.rig.model import Rig
from gpuworker.vision import framing
from tests.gpuworker.pictures import chosen

FOLDER = Path(__file__).parents[2] / "golden"
FRAME = Size(162, 203)
"""No multiple of the grid's step, so that rounding the wrong way would show."""


def made() -> Rig:
    photo = Photo(skimage.data.astronaut(), None)
    engine = WarpEngine()
    engine.set_portrait(framing.frame_portrait(photo, chosen(photo.pixels), FRAME, "auto"))
    return engine.rig()


def header(data: bytes) -> dict[str, Any]:
    length = struct.unpack_from("<I", data, 4)[0]
    values: dict[str, Any] = json.loads(data[8 : 8 + length])
    return values


def decoded(data: bytes) -> dict[str, Any]:
    """header as it stands; planes row by row in their own units; atlas by its size and every 97th pixel."""
    rig = rig_file.loads(data)
    assert rig.atlas is not None
    return {
        "header": header(data),
        "height": rig.height.ravel().tolist(),
        "brows": rig.brows.ravel().tolist(),
        "lids": [{"upper": eye.upper.tolist(), "lower": eye.lower.tolist()} for eye in rig.eyes],
        "atlas": {
            "width": rig.atlas.shape[1],
            "height": rig.atlas.shape[0],
            "everyNth": 97,
            "pixels": rig.atlas.reshape(-1, 3)[::97].tolist(),
        },
    }


if __name__ == "__main__":
    data = rig_file.dumps(made())
    (FOLDER / "rig.bin").write_bytes(data)
    (FOLDER / "rig.json").write_text(json.dumps(decoded(data), separators=(",", ":")) + "\n")
