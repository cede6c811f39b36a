from pathlib import Path

import numpy as np
from PIL import Image

from gpuworker.cli.inspect import inspect
from gpuworker.contract import LARGE_FRAME, RenderRequest
from gpuworker.errors import BadRequest, FaceTooSmall
from tests.gpuworker.pictures import encoded


def test_a_good_photo_is_one_inspected_face_without_refusal(astronaut: np.ndarray, tmp_path: Path) -> None:
    inspected = inspect(RenderRequest(photo=encoded(astronaut)), tmp_path / "seen.png")
    assert [result.refusal for result in inspected] == [None]
    with Image.open(tmp_path / "seen.png") as image:
        assert image.size == (512, 512)
        assert np.abs(np.asarray(image, int) - astronaut).max() > 100


def test_several_faces_are_each_inspected(astronaut: np.ndarray) -> None:
    two = np.hstack([astronaut, astronaut])
    inspected = inspect(RenderRequest(photo=encoded(two)))
    assert len(inspected) == 2
    assert all(result.refusal is None for result in inspected)


def test_a_refusal_is_listed_and_not_raised(astronaut: np.ndarray, tmp_path: Path) -> None:
    small = np.asarray(Image.fromarray(astronaut).resize((230, 230), Image.Resampling.LANCZOS))
    inspected = inspect(RenderRequest(photo=encoded(small)), tmp_path / "seen.png")
    assert isinstance(inspected[0].refusal, FaceTooSmall)


def test_what_a_render_would_refuse_inspect_refuses(astronaut: np.ndarray) -> None:
    inspected = inspect(RenderRequest(photo=encoded(astronaut), frame=LARGE_FRAME))
    assert isinstance(inspected[0].refusal, BadRequest)
