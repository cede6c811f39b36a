from __future__ import annotations

import numpy as np
import pytest

from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture
from tests.bench.everyday import EVERYDAY, SPECTACLES
from tests.bench.eyewear import Worn
from tests.gpuworker.conftest import astronaut, face
from tests.gpuworker.pictures import chosen

__all__ = ["astronaut", "face"]


def test_six_portraits_make_sixty_faces_and_more() -> None:
    assert 6 * len(EVERYDAY) >= 66
    assert {*SPECTACLES} < {*EVERYDAY}


@pytest.mark.parametrize("name", EVERYDAY)
def test_a_render_takes_each_as_the_face_that_it_is(astronaut: Picture, face: Face, name: str) -> None:
    made = EVERYDAY[name](astronaut, face)
    assert made.dtype == np.uint8
    found = chosen(made)
    assert found.width / made.shape[1] >= 0.9 * face.width / astronaut.shape[1]


def test_rims_are_where_the_picture_has_changed(astronaut: Picture, face: Face) -> None:
    for name, shape in SPECTACLES.items():
        changed = np.abs(EVERYDAY[name](astronaut, face).astype(int) - astronaut).max(axis=-1)
        at = np.round(np.vstack(Worn.on(face, shape).rims) - 0.5).astype(int)
        assert np.median(changed[at[:, 1], at[:, 0]]) > 20
