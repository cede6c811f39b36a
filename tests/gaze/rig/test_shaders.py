"""What the two passes make of a face: where the iris goes, and how a lid closes over it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gpuworker.rig import rig_file
from tests.gaze.rig.conftest import FRAME, GOLDEN, Drawn, Picture, header

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


def flat_lid(lashes: float) -> bytes:
    """The golden rig with lids of the face's one colour and lashes so dark."""
    rig = rig_file.loads(GOLDEN.read_bytes())
    assert rig.atlas is not None
    atlas = rig.atlas.copy()
    for lid in (each.lid for each in rig.eyes):
        assert lid is not None
        x, y, width, height = lid.place
        atlas[y - 1 : y + height + 1, x - 1 : x + width + 1] = SKIN
    left, right = (replace(eye, lid=replace(eye.lid, lashes=(lashes,) * 3)) for eye in rig.eyes if eye.lid)
    return rig_file.dumps(replace(rig, atlas=atlas, eyes=(left, right)))


def test_lids_close_step_by_step_until_no_eye_is_left(drawn: Drawn) -> None:
    poses = [{"x": 5, "y": 0, "close": close} for close in (0, 0.25, 0.5, 0.75, 1)]
    pictures = drawn(*poses, photo=face(), size=SIZE, rig=flat_lid(1))
    for which in (0, 1):
        dark = [int((eyes(each)[which] < 120).sum()) for each in pictures]
        assert dark == sorted(dark, reverse=True)
        assert dark[0] > 20
        assert dark[-1] == 0


def test_lashes_of_a_closed_lid_are_a_soft_line_on_it(drawn: Drawn) -> None:
    fine = face().repeat(4, axis=0).repeat(4, axis=1)
    (shut,) = drawn({"x": 0, "y": 0, "close": 1}, photo=fine, rig=flat_lid(0.5), size=fine.shape[1::-1])
    for x0, y0, x1, y1 in (each["box"] for each in header()["eyes"]):
        column = shut[4 * y0 : 4 * y1, 2 * (x0 + x1), 1].astype(int)
        assert 0.4 * SKIN < column.min() < 0.6 * SKIN
        assert np.abs(np.diff(column)).max() < 0.3 * (SKIN - column.min())


def test_a_closed_lid_shows_the_light_on_the_ball(drawn: Drawn) -> None:
    (shut,) = drawn({"x": 0, "y": 0, "close": 1}, photo=face(), size=SIZE)
    for eye in eyes(shut):
        rows, columns = eye.shape
        middle = eye[rows // 3 : rows // 2, columns // 4 : -columns // 4]
        assert np.ptp(middle) > 6


def test_no_bright_rim_is_left_under_a_closed_lid(drawn: Drawn) -> None:
    (shut,) = drawn({"x": 0, "y": 0, "close": 1}, photo=face(), size=SIZE, rig=flat_lid(0.5))
    assert max(int(each.max()) for each in eyes(shut)) <= SKIN
