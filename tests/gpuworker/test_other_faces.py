"""Other people than the astronaut: old and young, painted and photographed, from the front and turned."""

from __future__ import annotations

import cv2
import numpy as np

from gpuworker.contract import STANDARD_FRAME
from gpuworker.images import photo
from gpuworker.vision import framing
from gpuworker.vision.matting import remove_background
from gpuworker.vision.region import Picture
from tests.gpuworker.pictures import chosen
from tests.gpuworker.vision.test_framing import again


def test_each_is_framed_and_keeps_its_face_without_a_background(other_face: Picture) -> None:
    framed = framing.frame_portrait(photo.Photo(other_face), chosen(other_face), STANDARD_FRAME, "auto")
    again(framed)
    found, _ = remove_background(framed)
    assert found.alpha is not None
    inside = np.zeros(found.alpha.shape, np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull((found.landmarks[:468, :2] * 2).astype(np.int32)), 1)
    assert np.mean(found.alpha[inside > 0] > 250) > 0.98
