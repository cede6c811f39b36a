"""Number of sheets that are encoded at once, by cores and memory."""

from __future__ import annotations

from gpuworker import cores
from gpuworker.engines import SINGLE

SHEETS_OF_A_QUADRANT = 2
"""Full and mobile; the first costs most of a core for seconds, the second less than half of that."""
MOST_QUADRANTS = 4
"""All there are. Each holds its sheets uncompressed, about 180 MB, and what the encoder needs beside them."""


def quadrants_at_once(engine: str) -> int:
    """Number of quadrants whose sheets may be encoded while the next is rendered.

    One where the engine renders on every core. A GPU is done with a quadrant sooner than a core with its
    sheet, so beside it as many as there are pairs of cores, after one for the rendering process itself.
    """
    if engine not in SINGLE:
        return 1
    return max(1, min(MOST_QUADRANTS, (cores.usable() - 1) // SHEETS_OF_A_QUADRANT))


def sheets_at_once(engine: str) -> int:
    """Number of sheets that one process encodes at once. Where several render, each encodes one."""
    return SHEETS_OF_A_QUADRANT * quadrants_at_once(engine) if engine in SINGLE else 1
