"""What the two passes make of a face: where the iris goes, and how a lid closes over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.gaze.rig.conftest import FRAME, Drawn, Picture, header

SKIN = 200
SIZE = (2 * FRAME[0], 2 * FRAME[1])


def face() -> Picture:
    """Skin of one colour: all that is dark is painted from the atlas."""
    return np.full((SIZE[1], SIZE[0], 3), SKIN, np.uint8)


def eyes(picture: Picture) -> list[NDArray[np.int_]]:
    boxes = (each["box"] for each in header()["eyes"])
    return [picture[y0:y1, x0:x1, 1].astype(int) for x0, y0, x1, y1 in boxes]


def dark_centre(eye: NDArray[np.int_]) -> tuple[float, float]:
    """x and y of the iris."""
    weights = np.clip(120 - eye, 0, None).astype(float)
    rows, cols = np.indices(eye.shape)
    return float((weights * cols).sum() / weights.sum()), float((weights * rows).sum() / weights.sum())


def test_both_irises_go_where_the_face_looks(drawn: Drawn) -> None:
    left, right, up, down = drawn(*({"x": x, "y": y} for x, y in ((-15, 0), (15, 0), (0, -15), (0, 15))),
                                  photo=face(), size=SIZE)  # fmt: skip
    for which in (0, 1):
        assert dark_centre(eyes(right)[which])[0] - dark_centre(eyes(left)[which])[0] > 5
        assert dark_centre(eyes(down)[which])[1] - dark_centre(eyes(up)[which])[1] > 2


def test_lids_close_step_by_step_until_no_eye_is_left(drawn: Drawn) -> None:
    poses = [{"x": 5, "y": 0, "close": close} for close in (0, 0.25, 0.5, 0.75, 1)]
    pictures = drawn(*poses, photo=face(), size=SIZE)
    for which in (0, 1):
        dark = [int((eyes(each)[which] < 120).sum()) for each in pictures]
        assert dark == sorted(dark, reverse=True)
        assert dark[0] > 20
        assert dark[-1] == 0


def test_no_bright_rim_is_left_under_a_closed_lid(drawn: Drawn) -> None:
    (shut,) = drawn({"x": 0, "y": 0, "close": 1}, photo=face(), size=SIZE)
    assert max(int(each.max()) for each in eyes(shut)) <= SKIN
