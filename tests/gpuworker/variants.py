"""Variants of a portrait, made by script: the same face as other cameras and other people's habits would show it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from gpuworker.vision.region import Picture
from tests.gpuworker.pictures import resized


def mirrored(pixels: Picture) -> Picture:
    return np.ascontiguousarray(pixels[:, ::-1])


def dark(pixels: Picture) -> Picture:
    """A third of the light."""
    return (pixels // 3).astype(np.uint8)


def grey(pixels: Picture) -> Picture:
    one = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.repeat(one[..., None], 3, axis=2).astype(np.uint8)


def tilted(pixels: Picture, degrees: float = 15) -> Picture:
    """Turned anticlockwise around the picture's middle."""
    height, width = pixels.shape[:2]
    around = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(pixels, around, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def enlarged(pixels: Picture) -> Picture:
    return resized(pixels, 2)


VARIANTS: dict[str, Callable[[Picture], Picture]] = {
    function.__name__: function for function in (mirrored, dark, grey, tilted, enlarged)
}
