"""Person or background: the bundled selfie segmentation."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.bundled_networks import network
from gpuworker.vision.region import Picture


def person_mask(pixels: Picture) -> NDArray[np.float32]:
    """Certainty that each pixel shows the person: (H, W) float32, 0 … 1, for (H, W, 3) uint8 sRGB.

    The network sees 256 × 256, so the edge is soft; it separates head from background, not hairs.
    """
    height, width = pixels.shape[:2]
    (mask,) = network("selfie_segmentation").run(cv2.resize(pixels, (256, 256), interpolation=cv2.INTER_AREA) / 255.0)
    resized = cv2.resize(mask.reshape(256, 256), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(resized, 0.0, 1.0).astype(np.float32)
