"""Smoothstep, for feathers whose ends have no visible edge."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""Any float32 array over pixels or grid points."""


def smoothstep(value: NDArray[Any] | float, start: float, end: float) -> Any:
    """0 at `start`, 1 at `end` (either may be larger), a cubic with flat ends between."""
    t = np.clip((value - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)
