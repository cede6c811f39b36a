from dataclasses import replace

import numpy as np
import pytest

from gpuworker import engines
from gpuworker.contract import Size
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.engines.warp.lids.closed import ClosedLid
from gpuworker.grid import Direction
from gpuworker.rig import rig_file
from gpuworker.rig.model import Rig
from gpuworker.vision.framing import FramedPortrait


@pytest.fixture
def rig(engine: WarpEngine) -> Rig:
    return rig_file.loads(rig_file.dumps(engine.rig()))


def test_the_engine_is_a_rigger(engine: WarpEngine) -> None:
    assert isinstance(engine, engines.Rigger)
    assert not isinstance(object(), engines.Rigger)


def test_the_heights_are_the_engine_s_to_half_a_unit(engine: WarpEngine, rig: Rig) -> None:
    assert np.abs(rig.height * rig.height_unit - engine.height).max() <= rig.height_unit / 2
    assert not rig.height[engine.height == 0].any()


def test_the_rig_weighs_at_most_24_kb(engine: WarpEngine) -> None:
    assert len(rig_file.dumps(engine.rig())) <= 24_000


def test_a_rig_is_the_same_whatever_was_rendered_before(engine: WarpEngine) -> None:
    before = rig_file.dumps(engine.rig())
    engine.render([Direction(15, -15), Direction(-15, 15)])
    assert rig_file.dumps(engine.rig()) == before


def test_the_margins_are_those_of_the_painted_eyes(engine: WarpEngine, rig: Rig) -> None:
    assert engine._eyes is not None
    for eye, renderer in zip(rig.eyes, engine._eyes.renderers, strict=True):
        u = np.linspace(-0.5, 0.5, len(eye.upper)) * eye.width
        inside = np.abs(renderer.eye.u) < 0.5 * eye.width
        for margin, painted in ((eye.upper, renderer.eye.upper), (eye.lower, renderer.eye.lower)):
            sampled = np.interp(renderer.eye.u, u, margin * rig.curve_unit)
            assert np.abs(sampled - painted)[inside].max() < 0.1


def test_the_atlas_holds_whites_and_irises_each_with_a_border_of_its_own(engine: WarpEngine, rig: Rig) -> None:
    assert engine._eyes is not None
    assert rig.atlas is not None
    for eye, renderer in zip(rig.eyes, engine._eyes.renderers, strict=True):
        x, y, w, h = eye.texture
        assert np.abs(rig.atlas[y : y + h, x : x + w] - renderer.iris.texture).max() <= 0.5
        assert np.array_equal(rig.atlas[y - 1, x : x + w], rig.atlas[y, x : x + w])
        assert np.array_equal(rig.atlas[y : y + h, x + w], rig.atlas[y : y + h, x + w - 1])
        x, y, w, h = eye.white
        dx, dy = eye.white_at
        assert np.abs(rig.atlas[y : y + h, x : x + w] - renderer.white[dy : dy + h, dx : dx + w]).max() <= 0.5


def test_the_atlas_holds_the_skin_of_closed_lids_and_none_where_eyes_stay_open(engine: WarpEngine, rig: Rig) -> None:
    assert engine._eyes is not None
    assert rig.atlas is not None
    for eye, renderer in zip(rig.eyes, engine._eyes.renderers, strict=True):
        assert eye.lid is not None
        x, y, w, h = eye.lid.place
        assert np.abs(rig.atlas[y : y + h, x : x + w] - ClosedLid.of(renderer.eye).skin).max() <= 0.5
    engine._eyes.close = False
    assert [(eye.closes, eye.lid) for eye in engine.rig().eyes] == [(False, None), (False, None)]


def test_the_white_reaches_as_far_as_any_opening(engine: WarpEngine, rig: Rig) -> None:
    assert engine._eyes is not None
    for eye, renderer in zip(rig.eyes, engine._eyes.renderers, strict=True):
        for y in np.linspace(-22.5, 22.5, 11):
            rows, columns = renderer.lids.at(float(y)).window
            assert eye.white_at[0] <= columns.start <= columns.stop <= eye.white_at[0] + eye.white[2]
            assert eye.white_at[1] <= rows.start <= rows.stop <= eye.white_at[1] + eye.white[3]


def test_a_portrait_whose_eyes_stay_has_a_rig_without_eyes(
    framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpuworker.engines.warp.eye.LEAST_APERTURE", 1.0)
    engine = WarpEngine()
    engine.set_portrait(framed)
    rig = rig_file.loads(rig_file.dumps(engine.rig()))
    assert rig.eyes == ()
    assert rig.atlas is None
    assert rig.height.any()


def test_intensity_and_transparency_are_carried_over(framed: FramedPortrait) -> None:
    engine = WarpEngine()
    engine.set_portrait(replace(framed, alpha=np.full(framed.picture.shape[:2], 255, np.uint8)), intensity=1.5)
    rig = rig_file.loads(rig_file.dumps(engine.rig()))
    assert (rig.intensity, rig.alpha) == (1.5, True)


def test_a_turned_head_s_reduced_gain_is_carried_over(framed: FramedPortrait, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuworker.engines.warp.rotation.LEAST_JACOBIAN", 0.6)
    engine = WarpEngine()
    engine.set_portrait(framed, intensity=1.5)
    engine._rotation = replace(engine._rotation, yaw_gain=0.61)
    head = engine.rig().head
    assert engine.report["gain"] - 1e-4 <= head.gain <= engine.report["gain"] < 1
    assert head.yaw_gain == 0.61


def test_any_frame_size_has_a_rig(framed: FramedPortrait) -> None:
    cropped = replace(
        framed,
        picture=np.ascontiguousarray(framed.picture[: 2 * 301, : 2 * 333]),
        frame=Size(333, 301),
        person=framed.person[:301, :333],
    )
    engine = WarpEngine()
    engine.set_portrait(cropped)
    assert rig_file.loads(rig_file.dumps(engine.rig())).frame == Size(333, 301)
