"""How far two answers are apart, in tolerances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ATOL, RTOL = 5e-5, 1e-4
"""For 32 bits. Measured against 64 bits our nets and the official ones are both within a fifth of it."""


def excess(found: NDArray[np.generic], golden: NDArray[np.generic]) -> float:
    """The worst element's distance over its tolerance; up to 1 is equal."""
    assert found.shape == golden.shape
    far, near = found.astype(np.float64), golden.astype(np.float64)
    return float((np.abs(far - near) / (ATOL + RTOL * np.abs(near))).max())


def psnr(found: NDArray[np.uint8], golden: NDArray[np.uint8]) -> float:
    """dB."""
    error = np.mean((found.astype(np.float64) - golden) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-12)))
