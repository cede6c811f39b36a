"""Conversion of directions into LivePortrait's motion: changes of the head's angles and of the expression's keypoints.

A direction has the screen's signs (gpuworker.grid); LivePortrait's yaw is + to the viewer's left, and its vertical
gaze + up. Its pitch is + down and its horizontal gaze + to the viewer's right, as on the screen.

The coefficients are those of LivePortrait's own editor, per grid unit: keypoints 11 and 15 move the
two eyes, 13 and 16 their lids, 1 and 2 the brows. The editor moves the two eyes by different amounts
(7 to 10, the other way round on the other side); taken further, they would look apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpuworker.grid import LIMIT, Direction

KEYPOINTS = 21
EYES = (11, 15)
LIDS = (13, 16)
BROWS = (1, 2)
X, Y = 0, 1

LEADING, TRAILING = 0.001, 0.0007
"""Horizontal travel of the eye on the side that is looked to, and of the other one, per unit."""
VERTICAL = -0.001
LID = 0.0003
BROW = 0.001
FARTHEST = LEADING * LIMIT * 1.2
"""An eye's horizontal travel ends here, whatever its gain and the intensity."""
APART = (LEADING - TRAILING) * LIMIT
"""Most by which one eye may travel farther than the other: as much as the editor has at the grid's edge."""


@dataclass(frozen=True, slots=True)
class Gaze:
    """Options of the conversion."""

    gains: tuple[float, float] = (1.0, 1.0)
    """Horizontal travel of the eye at keypoint 11 and of the one at 15, as factors."""
    lids: float = 0.0
    """Share, 0 … 1, of a vertical gaze that the lids follow.

    At 1, as in the editor, looking up or down halves the eyes' own vertical travel; at 0, as in the original app,
    the lids stay.
    """

    def motion(self, directions: Sequence[Direction]) -> Motion:
        """Motion for each of n directions."""
        return Motion(
            pitch=np.array([direction.head_pitch for direction in directions], np.float32),
            yaw=np.array([-direction.head_yaw for direction in directions], np.float32),
            delta=np.stack([self._delta(direction) for direction in directions]),
        )

    def _delta(self, direction: Direction) -> NDArray[np.float32]:
        delta = np.zeros((KEYPOINTS, 3), np.float32)
        delta[EYES, X] = self._travel(direction.pupil_x)
        upwards = -direction.pupil_y
        blink = -self.lids * upwards / 2
        delta[EYES, Y] = VERTICAL * (upwards + blink)
        delta[LIDS, Y] = LID * blink
        delta[BROWS, Y] = BROW * direction.eyebrow * np.array([1, -1])
        return delta

    def _travel(self, x: float) -> tuple[float, float]:
        """Horizontal offsets of both eyes: clamped, and brought together where they would part."""
        shares = (TRAILING, LEADING) if x > 0 else (LEADING, TRAILING)
        first, second = (
            max(-FARTHEST, min(FARTHEST, gain * share * x)) for gain, share in zip(self.gains, shares, strict=True)
        )
        excess = max(0.0, abs(first - second) - APART) / 2
        towards = excess if first < second else -excess
        return first + towards, second - towards


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion of n frames, relative to the source, in LivePortrait's signs."""

    pitch: NDArray[np.float32]
    """(n,) degrees to add, + down."""
    yaw: NDArray[np.float32]
    """(n,) degrees to add, + to the viewer's left."""
    delta: NDArray[np.float32]
    """(n, 21, 3), to add to the expression's keypoints."""
