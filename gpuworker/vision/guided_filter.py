"""A mask's edge moved to the picture's own: the guided filter of He, Sun and Tang, with colour as its guide.

In every small window the mask is approximated as a linear function of the colours, so that it may
change only where they do.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


def guided_filter(guide: NDArray[np.float32], mask: Plane, radius: int, epsilon: float) -> Plane:
    """(H, W) float32, about as the mask, with the edges of the guide.

    guide: (H, W, 3) float32, 0 … 1; mask: (H, W) float32; radius: of a window, pixels;
    epsilon: colour variance below which a window counts as flat.
    """

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(values, (2 * radius + 1, 2 * radius + 1)), np.float32)

    colour, level = mean(guide), mean(mask)
    together = mean(guide * mask[..., None]) - colour * level[..., None]
    slope = np.linalg.solve(_covariance(guide, colour, mean, epsilon), together[..., None])[..., 0]
    offset = level - (slope * colour).sum(axis=-1)
    filtered = (mean(slope.astype(np.float32)) * guide).sum(axis=-1) + mean(offset.astype(np.float32))
    return np.asarray(filtered, np.float32)


def _covariance(
    guide: NDArray[np.float32], colour: NDArray[np.float32], mean: Callable[[Plane], Plane], epsilon: float
) -> NDArray[np.float32]:
    """(H, W, 3, 3): how the colours of each window vary together, and a little more on the diagonal."""
    matrix = np.empty((*guide.shape[:2], 3, 3), np.float32)
    for row in range(3):
        for col in range(row, 3):
            both = mean(guide[..., row] * guide[..., col]) - colour[..., row] * colour[..., col]
            matrix[..., row, col] = matrix[..., col, row] = both + (epsilon if row == col else 0.0)
    return matrix
