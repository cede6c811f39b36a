from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

import gpuworker
from gpuworker.contract import LARGE_FRAME, RenderRequest, Size
from gpuworker.errors import BadRequest, NoFace, SeveralFaces
from gpuworker.images.photo import Photo
from gpuworker.vision import matting, preparation
from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture
from tests.gpuworker.pictures import encoded


@pytest.fixture
def request_(astronaut: Picture) -> RenderRequest:
    return RenderRequest(photo=encoded(astronaut), frame=Size(205, 256))


def test_a_good_photo_becomes_a_portrait_without_advice(request_: RenderRequest) -> None:
    portrait, advice = preparation.prepare(request_)
    assert portrait.picture.shape == (512, 410, 3)
    assert (portrait.frame, portrait.alpha, advice) == (Size(205, 256), None, ())


def test_the_requests_crop_is_shown(request_: RenderRequest) -> None:
    crop = preparation.prepare(dataclasses.replace(request_, framing="whole")).portrait.crop
    assert (crop.x, crop.y, crop.width, crop.height) == (0, 0, 512, 512)


def test_without_a_background_the_portrait_is_cut_out_and_advice_says_how(request_: RenderRequest) -> None:
    portrait, advice = preparation.prepare(dataclasses.replace(request_, remove_background=True))
    assert portrait.alpha is not None
    assert portrait.alpha.min() == 0
    assert advice == (matting.BUNDLED,)


def test_the_requests_face_is_taken_and_one_must_be_chosen_among_several(
    astronaut: Picture, request_: RenderRequest
) -> None:
    two = dataclasses.replace(request_, photo=encoded(np.hstack([astronaut, astronaut])))
    with pytest.raises(SeveralFaces) as error:
        preparation.prepare(two)
    boxes = [face["box"]["x"] for face in error.value.details["faces"]]
    crops = [preparation.prepare(dataclasses.replace(two, face=index)).portrait.crop for index in (0, 1)]
    assert all(crop.x < x < crop.x + crop.width for crop, x in zip(crops, boxes, strict=True))
    assert abs(boxes[0] - boxes[1]) > 256


def test_a_wall_has_no_face(request_: RenderRequest) -> None:
    with pytest.raises(NoFace):
        preparation.prepare(dataclasses.replace(request_, photo=encoded(np.full((300, 300, 3), 190, np.uint8))))


def test_a_face_is_framed_with_its_background(astronaut: Picture, face: Face, request_: RenderRequest) -> None:
    prepared = preparation.prepare_face(Photo(astronaut), face, dataclasses.replace(request_, remove_background=True))
    assert (prepared.portrait.alpha, prepared.advice) == (None, ())


def test_a_small_face_is_refused_in_a_large_frame(astronaut: Picture, face: Face, request_: RenderRequest) -> None:
    with pytest.raises(BadRequest, match="pixels wide"):
        preparation.prepare_face(Photo(astronaut), face, dataclasses.replace(request_, frame=LARGE_FRAME))


def test_only_the_preparation_frames_a_photo() -> None:
    package = Path(gpuworker.__file__).parent
    framing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"(?<!def )\bframe_portrait\(", path.read_text())
    }
    assert framing == {"vision/preparation.py"}
