from dataclasses import replace

import numpy as np
import pytest

from gpuworker.contract import STANDARD_FRAME, Size
from gpuworker.engines.warp import engine as module
from gpuworker.engines.warp import rotation
from gpuworker.engines.warp.engine import EYES_STAY, ONE_LOOKS, TURNS_LESS, WarpEngine
from gpuworker.engines.warp.eyes import Eyes
from gpuworker.engines.warp.rotation import LEAST_JACOBIAN, least_jacobian
from gpuworker.grid import FULL, NEUTRAL, Direction
from gpuworker.images.photo import Photo
from gpuworker.vision import framing
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.region import Picture
from tests.bench.over_eyes import patched
from tests.gpuworker.pictures import chosen

CORNERS = [Direction(x, y) for y in (-15.0, 15.0) for x in (-15.0, 15.0)]


def test_frames_have_the_asked_shape(engine: WarpEngine, framed: FramedPortrait) -> None:
    frames = engine.render(CORNERS)
    assert frames.shape == (4, framed.frame.height, framed.frame.width, 3)
    assert frames.dtype == np.uint8


def test_pixels_outside_the_support_are_bit_identical_in_all_900_frames(engine: WarpEngine) -> None:
    outside = ~engine.support
    assert outside.mean() > 0.3
    still = engine.render([NEUTRAL])[0][outside]
    for row in range(FULL.rows):
        frames = engine.render([Direction(x, FULL.y[row]) for x in FULL.x])
        assert (frames[:, outside] == still).all()
    assert engine.report["frames"] == 901
    assert engine.report["least_jacobian"] >= LEAST_JACOBIAN


def test_straight_ahead_is_the_photo(engine: WarpEngine, framed: FramedPortrait) -> None:
    halves = framed.picture.reshape(512, 2, 410, 2, 3).mean((1, 3))
    assert np.abs(engine.render([NEUTRAL])[0] - halves).max() <= 1.5


def test_the_same_direction_gives_the_same_frame_whatever_came_before(engine: WarpEngine) -> None:
    first = engine.render([Direction(4, 4)])[0]
    engine.render(CORNERS)
    assert np.array_equal(engine.render([Direction(4, 4)])[0], first)


def test_four_corners_are_four_pictures(engine: WarpEngine) -> None:
    frames = engine.render(CORNERS).astype(int)
    for i in range(4):
        for j in range(i):
            assert np.abs(frames[i] - frames[j]).mean() > 2


def _border(intensity: float, steps: int = 25) -> list[Direction]:
    """Directions all along the border of the grid, far more than those at which a gain is tried."""
    along = [-15 + 30 * i / (steps - 1) for i in range(steps)]
    sides = [place for v in along for place in ((v, -15.0), (v, 15.0), (-15.0, v), (15.0, v))]
    return [Direction(x, y).scaled(intensity) for x, y in sides]


def test_an_intensity_that_would_fold_the_picture_turns_less_and_says_so(
    framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (module, rotation):
        monkeypatch.setattr(place, "LEAST_JACOBIAN", 0.6)
    engine = WarpEngine()
    assert TURNS_LESS in engine.set_portrait(framed, intensity=1.5)
    engine.render(_border(1.5, steps=7))
    assert engine.report["least_jacobian"] >= 0.6
    assert engine.report["gain"] < 1


@pytest.mark.parametrize("bar", [0.25, 0.275, 0.4])
def test_no_frame_is_softened_because_the_gain_was_proved_all_around(
    framed: FramedPortrait, bar: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shader, which draws from the gain alone, softens nothing."""
    for place in (module, rotation):
        monkeypatch.setattr(place, "LEAST_JACOBIAN", bar)
    engine = WarpEngine()
    engine.set_portrait(framed, intensity=1.5)
    for direction in _border(1.5):
        engine._unfolded(direction)
    assert engine.report["softened"] == 0
    assert engine.report["least_jacobian"] >= bar


def test_a_mesh_that_is_drawn_forwards_turns_no_triangle_over(framed: FramedPortrait) -> None:
    engine = WarpEngine()
    engine.set_portrait(framed, intensity=1.5)
    assert min(least_jacobian(engine._rotation._forward(direction)) for direction in _border(1.5)) > 0.05


def test_eyes_that_cannot_be_seen_stay_and_the_engine_says_so(framed: FramedPortrait) -> None:
    closed = framed.landmarks.copy()
    for upper, lower in (
        (159, 145),
        (158, 153),
        (160, 144),
        (157, 154),
        (161, 163),
        (386, 374),
        (385, 380),
        (387, 373),
    ):
        closed[upper, 1] = closed[lower, 1] - 0.5
    for upper, lower in ((246, 7), (173, 155), (466, 249), (398, 382), (388, 390), (384, 381)):
        closed[upper, 1] = closed[lower, 1] - 0.5
    engine = WarpEngine()
    assert EYES_STAY in engine.set_portrait(replace(framed, landmarks=closed))
    assert engine.render(CORNERS).shape[0] == 4


def test_transparency_moves_with_the_head(framed: FramedPortrait) -> None:
    alpha = np.zeros(framed.picture.shape[:2], np.uint8)
    alpha[200:900, 150:700] = 255
    engine = WarpEngine()
    engine.set_portrait(replace(framed, alpha=alpha))
    left, right = engine.render([Direction(-15, 0), Direction(15, 0)])
    assert left.shape == (512, 410, 4)
    assert (left[..., 3] != right[..., 3]).any()


def test_a_second_portrait_forgets_the_first(engine: WarpEngine, framed: FramedPortrait) -> None:
    mirrored = replace(framed, picture=np.ascontiguousarray(framed.picture[:, ::-1]))
    engine.render(CORNERS)
    engine.set_portrait(mirrored)
    assert engine.report["frames"] == 0
    assert np.array_equal(engine.render([NEUTRAL])[0][~engine.support], _straight_ahead(mirrored)[~engine.support])


def _straight_ahead(portrait: FramedPortrait) -> np.ndarray:
    fresh = WarpEngine()
    fresh.set_portrait(portrait)
    return fresh.render([NEUTRAL])[0]


def test_any_frame_size_works(framed: FramedPortrait) -> None:
    small = replace(
        framed,
        picture=np.ascontiguousarray(framed.picture[: 2 * 301, : 2 * 333]),
        frame=Size(333, 301),
        person=framed.person[:301, :333],
    )
    engine = WarpEngine()
    engine.set_portrait(small)
    assert engine.render([Direction(7, 7)]).shape == (1, 301, 333, 3)


@pytest.fixture(scope="module")
def patched_eye(astronaut: Picture, face: Face) -> FramedPortrait:
    """The astronaut with a patch over the left eye."""
    pixels = patched(astronaut, face)
    return framing.frame_portrait(Photo(pixels), chosen(pixels), STANDARD_FRAME, "auto")


def test_beside_a_patch_the_other_eye_looks_alone_and_that_is_said(patched_eye: FramedPortrait) -> None:
    engine = WarpEngine()
    assert engine.set_portrait(patched_eye) == (ONE_LOOKS.format(side="left"),)
    assert [eye.inner for eye in engine.rig().eyes] == [-1]
    assert engine._eyes is not None
    looking = patched_eye.picture.copy()
    engine._eyes.render_into(looking, Direction(13, -5))
    changed = np.flatnonzero((looking != patched_eye.picture).any((0, 2)))
    right = engine._eyes.renderers[0].eye
    assert abs(changed.mean() - right.middle[0]) < 0.2 * right.width
    assert changed[0] > right.middle[0] - right.width


def test_an_eye_that_looks_alone_looks_as_far_as_beside_the_other(
    patched_eye: FramedPortrait, framed: FramedPortrait
) -> None:
    alone, both = WarpEngine(), WarpEngine()
    alone.set_portrait(patched_eye)
    both.set_portrait(framed)
    assert alone._eyes is not None
    assert both._eyes is not None
    assert alone._eyes.close
    for x in (-15.0, 15.0):
        (u,), (_, beside) = alone._eyes.positions(x), both._eyes.positions(x)
        width = alone._eyes.renderers[0].eye.width
        assert u / width == pytest.approx(beside / both._eyes.renderers[1].eye.width, abs=0.05)


def test_the_head_makes_up_for_what_the_eyes_have_no_room_for(
    framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Eyes, "missing", (0.3, 0.0))
    engine = WarpEngine()
    engine.set_portrait(framed)
    left, right = engine._rotation.yaw_more
    assert 1.1 < left < 1.31
    assert right == 1
    assert engine.rig().head.yaw_more == pytest.approx(engine._rotation.yaw_more, abs=1e-3)


def test_the_head_turns_no_farther_than_keeps_the_picture_whole(
    framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = WarpEngine()
    engine.set_portrait(framed)
    rotation = engine._rotation
    for most, expected in ((1.6, (1.0, 1.5)), (1.3, (1.0, 1.25)), (1.1, (1.0, 1.0))):
        monkeypatch.setattr(module, "_keeps_shape", lambda turned, *_, most=most: max(turned.yaw_more) <= most)
        found = module._turning_more(rotation, (0.0, 0.9), 1.0).yaw_more
        assert found == pytest.approx(expected, abs=0.08)
