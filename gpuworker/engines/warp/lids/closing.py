"""Whether eyes may be closed: only where they end at the lower margin that was measured.

On a drawn face the measured margin often runs across the iris, and a lid that came down to it would leave the rest in
sight. Along a true margin, iris and whites give way to skin: what lies below it does not repeat, from corner to
corner, the pattern of light and dark above it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye, lid_curve

ACROSS = np.linspace(-0.42, 0.42, 57)
"""Eye widths from the middle; the corners' own shadows are left out."""
BANDS = (
    (np.linspace(0.04, 0.10, 4), np.linspace(0.05, 0.11, 4), 0.36),
    (np.linspace(0.02, 0.04, 3), np.linspace(0.04, 0.06, 3), 0.6),
)
"""Eye widths above and below the margin, and the share of the pattern that skin may seem to repeat there. Clear of the
margin's rim and of most lashes, 38 photos and paintings had −0.6 … 0.33, eyes drawn across the margin 0.4 … 1.5, and
glare on spectacles that covers it 0.7. Close to it, where an outline is drawn a little below, 0.6 … 1.0 against at
most 0.56 (0.76 where a strand of hair hangs across the eye)."""
LEAST_CORRELATION = 0.35


def can_close(left: Eye, right: Eye) -> bool:
    """Both or neither: one eye that closes beside an open one winks."""
    return not any(goes_on(eye) for eye in (left, right))


def goes_on(eye: Eye) -> bool:
    """Whether the eye's pattern goes on below its measured lower margin."""
    return any(_repeats(_pattern(eye, -above), _pattern(eye, below), most) for above, below, most in BANDS)


def _repeats(above: NDArray[np.float64], below: NDArray[np.float64], most: float) -> bool:
    """Whether one pattern has more than a share of the other, and is like it."""
    shared = float((above * below).sum())
    own, other = float((above**2).sum()), float((below**2).sum())
    return shared > most * own and shared > LEAST_CORRELATION * float(np.sqrt(own * other))


def _pattern(eye: Eye, offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3): colours along the margin at these offsets below it, without their mean and slope, which light makes."""
    blurred = cv2.GaussianBlur(eye.pixels, (0, 0), max(0.8, 0.012 * eye.width)).astype(np.float32)
    u = ACROSS * eye.width
    v = lid_curve(eye.lower_lid, u)[None] + offsets[:, None] * eye.width
    colours = eye.sample(blurred, np.broadcast_to(u, v.shape), v).mean(axis=0).astype(np.float64)
    slope = np.stack([np.ones_like(ACROSS), ACROSS], axis=-1)
    fitted = slope @ np.linalg.lstsq(slope, colours, rcond=None)[0]
    return np.asarray(colours - fitted)
