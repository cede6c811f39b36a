"""Which elements of the nets' answers are golden: enough to notice any difference, small enough to commit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


def as_pixels(picture: Tensor) -> NDArray[np.uint8]:
    """Bytes as the official code makes them: rounded down."""
    pixels: NDArray[np.uint8] = (picture.float().clamp(0, 1) * 255).numpy().astype(np.uint8)
    return pixels


def every(*steps: int) -> Callable[[Tensor], NDArray[np.float32]]:
    """Each n-th element along the last axes."""
    return lambda tensor: np.ascontiguousarray(tensor[(..., *(slice(None, None, step) for step in steps))].numpy())


def pixels(step: int) -> Callable[[Tensor], NDArray[np.uint8]]:
    return lambda tensor: np.ascontiguousarray(as_pixels(tensor)[..., ::step, ::step])


SLICES: dict[str, Callable[[Tensor], NDArray[np.generic]]] = {
    **{f"motion_{name}": every() for name in ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")},
    **{name: every() for name in ("x_s", "x_d", "x_d_delta", "stitched")},
    "appearance": every(4, 4, 4, 4),
    "deformation_32": every(3, 3, 3, 1),
    "occlusion_32": every(),
    "warped_32": every(8, 3, 3),
    "generated_32": every(5, 5),
    "frame_32": pixels(1),
    "deformation_64": every(3, 7, 7, 1),
    "occlusion_64": every(2, 2),
    "warped_64": every(8, 7, 7),
    "generated_64": every(9, 9),
    "frame_64": pixels(3),
}
