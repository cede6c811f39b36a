from __future__ import annotations

import numpy as np
import pytest

from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.warp.engine import HAIR_OVER, HAIR_OVER_BOTH, WarpEngine
from gpuworker.engines.warp.hair import Hair
from gpuworker.grid import NEUTRAL, Direction
from gpuworker.images.photo import Photo
from gpuworker.vision import framing
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.region import Picture
from tests.bench.everyday import EVERYDAY
from tests.bench.over_eyes import curtained, under_a_thick_fringe
from tests.gpuworker.pictures import chosen

LOOKS = (NEUTRAL, Direction(-14, 3), Direction(14, 0), Direction(2, 14), Direction(-3, -14))


def framed_as(pixels: Picture) -> FramedPortrait:
    return framing.frame_portrait(Photo(pixels), chosen(pixels), STANDARD_FRAME, "auto")


def set_to(portrait: FramedPortrait) -> WarpEngine:
    engine = WarpEngine()
    engine.set_portrait(portrait)
    return engine


def hair_of(engine: WarpEngine) -> list[Hair | None]:
    assert engine._eyes is not None
    return [renderer.hair for renderer in engine._eyes.renderers]


def test_painted_eyes_do_not_cover_hair_that_hangs_over_them(astronaut: Picture, face: Face) -> None:
    portrait = framed_as(curtained(astronaut, face, lower=-0.1))
    engine = set_to(portrait)
    assert engine._eyes is not None
    over, none = hair_of(engine)
    assert over is not None
    assert none is None
    left = engine._eyes.renderers[0].eye
    x0, y0, x1, y1 = left.box
    own = portrait.picture[y0:y1, x0:x1].astype(int)
    locks = (left.v < -0.2 * left.width) & (np.abs(left.u) < 0.35 * left.width)
    beneath = (left.v > 0) & (left.above_lower > 0) & (np.abs(left.u) < 0.3 * left.width)
    for look in LOOKS[1:]:
        painted = portrait.picture.copy()
        engine._eyes.render_into(painted, look)
        change = np.abs(painted[y0:y1, x0:x1].astype(int) - own).mean(axis=-1)
        assert change[locks].mean() < 2
        assert change[beneath].mean() > 5


def test_a_lock_that_ends_above_an_iris_does_not_hold_it(astronaut: Picture, face: Face) -> None:
    engine = set_to(framed_as(under_a_thick_fringe(astronaut, face, lower=-0.12)))
    assert engine._eyes is not None
    for renderer, hair in zip(engine._eyes.renderers, hair_of(engine), strict=True):
        assert hair is not None
        eye, mask = renderer.eye, hair.spread(renderer.eye)[..., 0]
        assert mask[(eye.from_iris < 0.5 * eye.radius) & (eye.v > eye.iris[1] + 0.25 * eye.radius)].max() < 0.5


@pytest.mark.parametrize("name", ["as it is", "dark skin", "round spectacles", "looks left", "grain", "blur"])
def test_bare_eyes_have_none(astronaut: Picture, face: Face, name: str) -> None:
    assert hair_of(set_to(framed_as(EVERYDAY[name](astronaut, face)))) == [None, None]


def test_strands_of_a_fringe_are_found(astronaut: Picture, face: Face) -> None:
    assert any(hair_of(set_to(framed_as(EVERYDAY["fringe"](astronaut, face)))))


def test_eyes_beneath_more_hair_than_can_be_seen_through_rest_and_it_is_said_which(
    astronaut: Picture, face: Face
) -> None:
    one, both = WarpEngine(), WarpEngine()
    pixels = curtained(astronaut, face, "right", lower=0.12)
    assert HAIR_OVER.format(side="right") in one.set_portrait(framed_as(pixels))
    assert HAIR_OVER_BOTH in both.set_portrait(framed_as(under_a_thick_fringe(astronaut, face, lower=0.12)))
    for engine in (one, both):
        assert engine.rig().eyes == ()


def test_the_rig_carries_the_mask(astronaut: Picture, face: Face) -> None:
    engine = set_to(framed_as(curtained(astronaut, face, lower=-0.1)))
    rig, (hair, _) = engine.rig(), hair_of(engine)
    assert rig.atlas is not None
    assert hair is not None
    assert rig.eyes[0].over is not None
    assert rig.eyes[1].over is None
    x, y, width, height = rig.eyes[0].over
    assert np.abs(rig.atlas[y : y + height, x : x + width, 0] - 255 * hair.mask).max() <= 0.5


@pytest.mark.slow
def test_photos_and_paintings_without_a_fringe_have_none(other_face: Picture) -> None:
    assert hair_of(set_to(framed_as(other_face))) == [None, None]
