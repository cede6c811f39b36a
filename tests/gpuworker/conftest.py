"""Pictures the worker's tests share: the astronaut, its variants, and the portraits kept beside the project."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from gpuworker.contract import STANDARD_FRAME
from gpuworker.images import photo
from gpuworker.vision import framing
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait
from tests.gpuworker.pictures import chosen
from tests.gpuworker.portraits import FOLDER, PORTRAITS
from tests.gpuworker.variants import VARIANTS


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """(512, 512, 3) uint8: a woman in a spacesuit, face 93 pixels wide, from the front (NASA, public domain)."""
    picture: NDArray[np.uint8] = skimage.data.astronaut()
    return picture


@pytest.fixture(scope="session")
def face(astronaut: NDArray[np.uint8]) -> Face:
    """The astronaut's."""
    return chosen(astronaut)


@pytest.fixture(scope="session")
def framed(astronaut: NDArray[np.uint8], face: Face) -> FramedPortrait:
    """The astronaut, framed as a render frames it."""
    return framing.frame_portrait(photo.Photo(astronaut, None), face, STANDARD_FRAME, "auto")


@pytest.fixture(scope="session")
def portraits_dir() -> Path:
    """The folder of portraits of other people. Where it is not, the tests that ask for it are not run."""
    return FOLDER


@pytest.fixture(params=VARIANTS)
def portrait(request: pytest.FixtureRequest, astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each variant of the astronaut in turn, (H, W, 3) uint8."""
    return VARIANTS[request.param](astronaut)


@pytest.fixture(params=PORTRAITS)
def other_face(request: pytest.FixtureRequest, portraits_dir: Path) -> NDArray[np.uint8]:
    """Each of the five portraits of other people in turn, (H, W, 3) uint8."""
    return photo.read((portraits_dir / f"{request.param}.jpg").read_bytes()).pixels
