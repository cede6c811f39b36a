from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """(512, 512, 3) uint8: a woman in a spacesuit (NASA, public domain)."""
    picture: NDArray[np.uint8] = skimage.data.astronaut()
    return picture
