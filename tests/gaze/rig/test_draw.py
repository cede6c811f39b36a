import numpy as np

from tests.gaze.conftest import Js
from tests.gaze.rig.conftest import FRAME, Drawn, usual_photo


def test_at_rest_the_photo_is_shown_as_it_is(drawn: Drawn) -> None:
    size = usual_photo().shape[1::-1]
    (shown,) = drawn({"x": 0, "y": 0}, size=size)
    assert np.abs(shown[..., :3].astype(int) - usual_photo()).max() <= 1


def test_one_pose_is_drawn_as_large_as_the_canvas_is(js: Js) -> None:
    script = """async ({ drawRig }) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 30, height: 40 });
      return drawRig(canvas, new ArrayBuffer(9), new Blob(), { x: 0, y: 0 }).catch(({ code, kind }) => [code, kind]);
    }"""
    assert js("rig/draw.js", script) == ["rig", "magic"]


def test_a_canvas_of_any_size_holds_the_whole_picture(drawn: Drawn) -> None:
    (large,) = drawn({"x": 0, "y": 0})
    (small,) = drawn({"x": 0, "y": 0}, size=(FRAME[0] // 3, FRAME[1] // 3))
    assert small.shape[:2] == (FRAME[1] // 3, FRAME[0] // 3)
    assert np.abs(small.mean((0, 1)) - large.mean((0, 1))).max() < 2
