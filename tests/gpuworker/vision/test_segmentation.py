"""The bundled segmentation tells person from background."""

from __future__ import annotations

import numpy as np

from gpuworker.vision.region import Picture
from gpuworker.vision.segmentation import person_mask


def test_the_person_mask_tells_person_from_background(astronaut: Picture) -> None:
    mask = person_mask(astronaut)
    assert mask.shape == astronaut.shape[:2]
    assert mask.dtype == np.float32
    assert mask[100:160, 200:250].min() > 0.9
    assert mask[20:90, 330:370].max() < 0.1
    assert mask.min() >= 0
    assert mask.max() <= 1
