from __future__ import annotations

import cv2
import numpy as np
import pytest

from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.warp.engine import DARK_LENSES, GLARE, WarpEngine
from gpuworker.engines.warp.height import STEP
from gpuworker.grid import LIMIT, Direction
from gpuworker.images import photo
from gpuworker.vision import eyewear, framing
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.region import Picture, Points
from tests.bench.everyday import EVERYDAY
from tests.bench.eyewear import SHAPES, Worn, wearing
from tests.bench.variants import in_sunglasses
from tests.gpuworker.pictures import chosen, resized

UP = Direction(0.0, -LIMIT)


def framed_anew(pixels: Picture) -> FramedPortrait:
    return framing.frame_portrait(photo.Photo(pixels), chosen(pixels), STANDARD_FRAME, "auto")


def with_portrait(portrait: FramedPortrait) -> WarpEngine:
    engine = WarpEngine()
    engine.set_portrait(portrait)
    return engine


def in_frame(points: Points, portrait: FramedPortrait) -> Points:
    crop, frame = portrait.crop, portrait.frame
    return (points - (crop.x, crop.y)) * (frame.width / crop.width, frame.height / crop.height)


def moved(engine: WarpEngine, points: Points, direction: Direction) -> Points:
    """Motion of points of the photo, in frame pixels."""
    at = (points / STEP - 0.5).astype(np.float32)
    return cv2.remap(engine._rotation._forward(direction), at[:, :1], at[:, 1:], cv2.INTER_LINEAR)[:, 0]


def off_affine(points: Points, motion: Points) -> float:
    """Root of the mean square of what no affine map explains."""
    terms = np.column_stack([np.ones(len(points)), points])
    off = motion - terms @ np.linalg.lstsq(terms, motion, rcond=None)[0]
    return float(np.sqrt((off**2).sum(axis=1).mean()))


@pytest.mark.parametrize("name", SHAPES)
def test_rims_move_as_one_stiff_piece(astronaut: Picture, face: Face, name: str) -> None:
    """A bare face's field would bend the same points by 1.1 to 2 pixels, in the corners by 2.3 to 2.8."""
    portrait = framed_anew(wearing(astronaut, face, SHAPES[name]))
    rims = in_frame(np.vstack(Worn.on(face, SHAPES[name]).rims), portrait)
    engine = with_portrait(portrait)
    assert engine.report["gain"] >= 0.9
    for direction, most in [(UP, 0.6), (Direction(0, LIMIT), 0.6), (Direction(LIMIT, -LIMIT), 1.2)]:
        assert off_affine(rims, moved(engine, rims, direction)) < most


def test_without_spectacles_the_same_points_would_bend(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eyewear, "find", lambda *_: None)
    portrait = framed_anew(wearing(astronaut, face, SHAPES["rectangle"]))
    rims = in_frame(np.vstack(Worn.on(face, SHAPES["rectangle"]).rims), portrait)
    assert off_affine(rims, moved(with_portrait(portrait), rims, UP)) > 1.0


def test_brows_rise_above_the_frames_and_not_with_them(astronaut: Picture, face: Face) -> None:
    portrait = framed_anew(wearing(astronaut, face, SHAPES["rectangle"]))
    engine = with_portrait(portrait)
    brows, field = engine._rotation.brows, engine._rotation.field
    lenses = in_frame(np.vstack(Worn.on(face, SHAPES["rectangle"]).lenses), portrait)
    assert brows[field.y > lenses[:, 1].min() + 2].max() < 0.1
    assert brows.max() > 0.3


def test_what_never_moved_stays_still(astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    portrait = framed_anew(wearing(astronaut, face, SHAPES["aviator"]))
    stiff = with_portrait(portrait).height
    monkeypatch.setattr(eyewear, "find", lambda *_: None)
    assert not stiff[with_portrait(portrait).height == 0].any()


def test_a_bare_face_is_rendered_as_before(framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = with_portrait(framed)
    assert not engine.report["spectacles"]
    frame = engine.render([UP])
    monkeypatch.setattr(eyewear, "find", lambda *_: None)
    np.testing.assert_array_equal(frame, with_portrait(framed).render([UP]))


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        pytest.param(lambda large, face: in_sunglasses(large, face), DARK_LENSES, id="sunglasses"),
        pytest.param(
            lambda large, face: wearing(large, face, SHAPES["aviator"], dark=0.93), DARK_LENSES, id="dark aviators"
        ),
        pytest.param(lambda large, face: EVERYDAY["glare on rectangle"](large, face), GLARE, id="glare"),
    ],
)
def test_eyes_behind_glass_that_hides_them_rest_and_the_advice_says_so(
    astronaut: Picture, pixels: object, sentence: str
) -> None:
    assert callable(pixels)
    large = resized(astronaut, 2)
    engine = WarpEngine()
    assert sentence in engine.set_portrait(framed_anew(pixels(large, chosen(large))))
    assert not engine.report["eyes"]
    assert engine.rig().eyes == ()


def test_glass_that_only_tints_leaves_the_eyes_alive(astronaut: Picture) -> None:
    large = resized(astronaut, 2)
    engine = WarpEngine()
    assert engine.set_portrait(framed_anew(wearing(large, chosen(large), SHAPES["aviator"], dark=0.25))) == ()
    assert engine.report["eyes"]
