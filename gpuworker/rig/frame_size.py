"""Rig whose pictures of the eyes are no finer than a frame, for links that show the photo at that size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker.rig import rig_file
from gpuworker.rig.model import Place, Rig

BORDER = 1
"""Pixels around each place of the atlas that repeat its edge."""

Atlas = NDArray[np.uint8]


def at_frame_size(data: bytes) -> bytes:
    """The same rig, as rig.bin, with an atlas that holds the detail of a frame. Raises DamagedRig.

    The places stay as they are, so that a reader draws the same eyes, only less sharp.
    """
    rig = rig_file.loads(data)
    if rig.atlas is None:
        return data
    return rig_file.dumps(replace(rig, atlas=_reduced(rig, rig.atlas)))


def _reduced(rig: Rig, atlas: Atlas) -> Atlas:
    """Black but for the places of the eyes: nothing else of the finer atlas is passed on."""
    reduced = np.zeros_like(atlas)
    for eye in rig.eyes:
        finer = {eye.white, eye.texture}  # a lid's skin and hair are as coarse as a frame
        for place in eye.places:
            x, y, width, height = place
            part = _averaged(atlas, place, rig.supersampling if place in finer else 1)
            framed = np.pad(part, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), "edge")
            reduced[y - BORDER : y + height + BORDER, x - BORDER : x + width + BORDER] = framed
    return reduced


def _averaged(atlas: Atlas, place: Place, factor: int) -> Atlas:
    """Part of the atlas, averaged over squares of `factor` pixels and enlarged to its own size again."""
    x, y, width, height = place
    part = Image.fromarray(atlas[y : y + height, x : x + width])
    source = (0.0, 0.0, width / factor, height / factor)
    return np.asarray(part.reduce(factor).resize((width, height), Image.Resampling.BILINEAR, source))
