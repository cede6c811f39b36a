from __future__ import annotations

import numpy as np
import pytest

from gpuworker.contract import STANDARD_FRAME
from gpuworker.images import photo
from gpuworker.vision import eyewear, framing
from gpuworker.vision.eyewear import Spectacles
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import SUPERSAMPLING, FramedPortrait
from gpuworker.vision.region import Picture
from tests.bench.everyday import EVERYDAY, SPECTACLES
from tests.bench.eyewear import SHAPES, Worn, wearing
from tests.gpuworker.pictures import chosen

BARE = [name for name in EVERYDAY if name not in SPECTACLES]


def framed_anew(pixels: Picture) -> FramedPortrait:
    return framing.frame_portrait(photo.Photo(pixels), chosen(pixels), STANDARD_FRAME, "auto")


def found_on(pixels: Picture) -> Spectacles | None:
    portrait = framed_anew(pixels)
    return eyewear.find(portrait.picture, portrait.landmarks * SUPERSAMPLING)


@pytest.mark.parametrize("name", SHAPES)
def test_spectacles_of_each_shape_are_found_with_their_bridge_and_lower_rims(
    astronaut: Picture, face: Face, name: str
) -> None:
    portrait = framed_anew(wearing(astronaut, face, SHAPES[name]))
    found = eyewear.find(portrait.picture, portrait.landmarks * SUPERSAMPLING)
    assert found is not None
    worn = Worn.on(face, SHAPES[name])
    corner, scale = np.array([portrait.crop.x, portrait.crop.y]), portrait.upscale
    lenses, bridges = (found.axes.own((np.vstack(lines) - corner) * scale) for lines in (worn.lenses, worn.bridges))
    assert bridges[:, 1].min() - 0.03 < found.bridge < bridges[:, 1].max() + 0.03
    assert found.bottom == pytest.approx(lenses[:, 1].max(), abs=0.05)
    assert not found.glare


@pytest.mark.parametrize("name", BARE)
def test_a_bare_face_wears_none(astronaut: Picture, face: Face, name: str) -> None:
    assert found_on(EVERYDAY[name](astronaut, face)) is None


def test_other_people_wear_none(other_face: Picture) -> None:
    assert found_on(other_face) is None


def test_a_variant_of_the_picture_wears_none(portrait: Picture) -> None:
    assert found_on(portrait) is None


def test_thin_spectacles_of_other_people_are_found(other_face: Picture) -> None:
    assert found_on(wearing(other_face, chosen(other_face), SHAPES["aviator"])) is not None


@pytest.mark.parametrize("name", ["glare on round", "glare on rectangle"])
def test_glare_is_told_from_clear_glass(astronaut: Picture, face: Face, name: str) -> None:
    found = found_on(EVERYDAY[name](astronaut, face))
    assert found is not None
    assert found.glare


def test_eyes_at_the_pictures_edge_are_no_trouble(framed: FramedPortrait) -> None:
    beside = framed.landmarks * SUPERSAMPLING - (framed.landmarks[1, 0] * SUPERSAMPLING, 0, 0)
    assert eyewear.find(framed.picture, beside) is None
