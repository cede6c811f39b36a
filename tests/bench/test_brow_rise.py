from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.images.photo import Photo
from gpuworker.vision import framing
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait
from tests.bench import brow_rise
from tests.bench.everyday import fringed
from tests.gpuworker.conftest import astronaut, face, framed
from tests.gpuworker.pictures import chosen

__all__ = ["astronaut", "face", "framed"]


def set_to(portrait: FramedPortrait) -> WarpEngine:
    engine = WarpEngine()
    engine.set_portrait(portrait)
    return engine


def test_brows_rise_as_far_as_asked_and_the_head_s_nod_does_not_count(framed: FramedPortrait) -> None:
    engine = set_to(framed)
    found = brow_rise.of_engine(engine)
    assert found.brow_r > 0.99
    assert 0.045 < found.brow_rise < 0.065
    engine._rotation = replace(engine._rotation, brows=np.zeros_like(engine._rotation.brows))
    assert brow_rise.of_engine(engine) == brow_rise.BrowRise(0.0, 0.0)


def test_brows_behind_a_fringe_are_measured_too(astronaut: NDArray[np.uint8], face: Face) -> None:
    pixels = fringed(astronaut, face)
    portrait = framing.frame_portrait(Photo(pixels), chosen(pixels), STANDARD_FRAME, "auto")
    assert brow_rise.of_engine(set_to(portrait)).brow_r > 0.99
