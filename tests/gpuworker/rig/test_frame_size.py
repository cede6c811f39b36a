from __future__ import annotations

import numpy as np
import pytest

from gpuworker.rig import rig_file
from gpuworker.rig.damage import DamagedRig
from gpuworker.rig.frame_size import at_frame_size
from gpuworker.rig.model import Place, Rig
from tests.gpuworker.rig import golden
from tests.gpuworker.rig.small import small


def places(rig: Rig) -> list[Place]:
    return [place for eye in rig.eyes for place in eye.places]


def finer(rig: Rig) -> list[Place]:
    """Those with pixels smaller than a frame's."""
    return [place for eye in rig.eyes for place in (eye.white, eye.texture)]


def reduced(rig: Rig) -> Rig:
    return rig_file.loads(at_frame_size(rig_file.dumps(rig)))


def test_detail_finer_than_a_frame_is_not_passed_on() -> None:
    rig = small()
    assert rig.atlas is not None
    stripes = np.zeros_like(rig.atlas)
    for x, y, width, height in finer(rig):
        stripes[y : y + height : 2, x : x + width] = 200
    atlas = reduced(small(atlas=stripes)).atlas
    assert atlas is not None
    for x, y, width, height in finer(rig):
        assert len(np.unique(atlas[y : y + height - height % 2 - 1, x : x + width])) == 1


def test_everything_but_the_atlas_stays() -> None:
    rig = small()
    changed = reduced(rig)
    for name in ("frame", "alpha", "intensity", "head", "motion", "supersampling", "height_unit", "curve_unit"):
        assert getattr(changed, name) == getattr(rig, name)
    assert np.array_equal(changed.height, rig.height)
    assert places(changed) == places(rig)


def test_eyes_of_a_frames_size_still_look_the_same() -> None:
    rig = rig_file.loads((golden.FOLDER / "rig.bin").read_bytes())
    changed = reduced(rig)
    assert rig.atlas is not None
    assert changed.atlas is not None
    for x, y, width, height in finer(rig):
        part = np.s_[y - 1 : y + height + 1, x - 1 : x + width + 1]
        difference = np.abs(changed.atlas[part].astype(int) - rig.atlas[part])
        assert 0 < difference.mean() < 5


def test_a_lid_that_is_as_coarse_as_a_frame_stays() -> None:
    rig = rig_file.loads((golden.FOLDER / "rig.bin").read_bytes())
    changed = reduced(rig)
    assert rig.atlas is not None
    assert changed.atlas is not None
    for lid in (eye.lid for eye in rig.eyes):
        assert lid is not None
        x, y, width, height = lid.place
        part = np.s_[y : y + height, x : x + width]
        assert np.array_equal(changed.atlas[part], rig.atlas[part])


def test_each_part_is_framed_by_its_own_edge() -> None:
    rig = small()
    changed = reduced(rig)
    assert changed.atlas is not None
    for x, y, width, height in places(rig):
        assert np.array_equal(changed.atlas[y - 1, x : x + width], changed.atlas[y, x : x + width])
        assert np.array_equal(changed.atlas[y : y + height, x + width], changed.atlas[y : y + height, x + width - 1])


def test_nothing_beside_the_places_is_passed_on() -> None:
    rig = small()
    assert rig.atlas is not None
    atlas = np.full_like(rig.atlas, 120)
    read = reduced(small(atlas=atlas)).atlas
    assert read is not None
    changed = read.copy()
    for x, y, width, height in places(rig):
        changed[y - 1 : y + height + 1, x - 1 : x + width + 1] = 0
    assert not changed.any()


def test_a_rig_without_eyes_stays_the_same_file() -> None:
    data = rig_file.dumps(small(eyes=(), atlas=None))
    assert at_frame_size(data) == data


def test_a_damaged_rig_is_refused() -> None:
    with pytest.raises(DamagedRig):
        at_frame_size(b"no rig")
