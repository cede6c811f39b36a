"""Lids and lashes: the photo's own skin, moved with the vertical gaze, with an opening cut into it.

The upper lid follows the gaze, the lower one a little; the skin moves fully at the margin and not at
all at the fold. The opening is cut a little below the upper margin, so that lashes stay on the lid.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.sclera import lid_shade
from gpuworker.engines.warp.smooth import Field, smoothstep
from gpuworker.grid import LIMIT

UPPER_TRAVEL = 0.060 / LIMIT
LOWER_TRAVEL = 0.015 / LIMIT
"""Lid travel per unit of y, in eye widths."""
RAISED = 0.75
"""Share of its travel that the upper lid takes when the gaze goes up: with all of it, white shows above the iris."""

SOFTEST = 0.04
"""The opening's edges are as soft as the photo's own, at most so many eye widths to either side."""

FOLD = 0.42
"""The upper lid's skin rests beyond this many eye widths above its margin."""

LASHES = 0.030
LOWER_MARGIN = 0.004
"""The opening starts so far below the upper margin and ends so far beyond the lower one, in eye widths."""

MOST_CACHED = 64


@dataclass(frozen=True, slots=True)
class Lid:
    """The lid layer for one y. skin: (h, w, 3) uint8 whole box; window: the part the opening touches;
    opening: (·, ·, 1) float32 0 … 1 and shade: (·, ·, 1) lid shadow, both over the window."""

    skin: NDArray[np.uint8]
    window: tuple[slice, slice]
    window_skin: NDArray[np.float32]
    opening: NDArray[np.float32]
    shade: NDArray[np.float32]


@dataclass(slots=True)
class Lids:
    """Lid layers of one eye by y. Rows of the grid share a y, so the last few are kept.

    photo_y: y of the photo's own gaze, at which the lids lie as photographed.
    """

    eye: Eye
    bell: Field
    columns: Field
    rows: Field
    photo_y: float = 0.0
    cache: dict[float, Lid] = field(default_factory=dict)

    @classmethod
    def of(cls, eye: Eye, photo_y: float = 0.0) -> Lids:
        bell = np.clip(1 - (np.abs(eye.u) / (0.5 * eye.width)) ** 2.2, 0, 1).astype(np.float32)
        h, w = eye.u.shape
        columns, rows = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
        return cls(eye, bell, columns, rows, photo_y)

    def at(self, y: float) -> Lid:
        """The lid layer for vertical gaze y (grid units, + down)."""
        if y not in self.cache:
            if len(self.cache) >= MOST_CACHED:
                self.cache.pop(next(iter(self.cache)))
            self.cache[y] = self._build(y)
        return self.cache[y]

    def _build(self, y: float) -> Lid:
        eye, w = self.eye, self.eye.width
        upper_move = (_followed(y) - _followed(self.photo_y)) * UPPER_TRAVEL * w * self.bell
        upper_move = np.minimum(upper_move, 0.6 * (eye.lower - eye.upper))  # a slit of the eye stays open
        lower_move = (y - self.photo_y) * LOWER_TRAVEL * w * self.bell
        upper, lower = eye.upper + upper_move, eye.lower + lower_move
        skin = self._skin(upper, lower, upper_move, lower_move)
        soft = max(0.7, 0.018 * w, min(eye.softness, SOFTEST * w))
        below = eye.v - upper - LASHES * w * (0.35 + 0.65 * self.bell)
        above = lower - eye.v + LOWER_MARGIN * w
        opening = smoothstep(below, -soft, soft) * smoothstep(above, -soft, soft) * (np.abs(eye.u) < 0.5 * w)
        window = _window(opening)
        return Lid(
            skin=np.clip(skin + 0.5, 0, 255).astype(np.uint8),
            window=window,
            window_skin=skin[window],
            opening=opening.astype(np.float32)[window][..., None],
            shade=lid_shade(eye.v - upper, w)[window][..., None],
        )

    def _skin(self, upper: Field, lower: Field, upper_move: Field, lower_move: Field) -> NDArray[np.float32]:
        """The photo with its lids moved: all of the move at the margin, none at the fold."""
        eye, w = self.eye, self.eye.width
        past_upper, past_lower = eye.v - upper, lower - eye.v
        with_upper = np.where(
            past_upper < 0,
            1 - smoothstep(-past_upper, 0.04 * w, FOLD * w),
            1 - smoothstep(past_upper, 0, 0.10 * w),
        )
        with_lower = np.where(
            past_lower < 0, 1 - smoothstep(-past_lower, 0, 0.30 * w), 1 - smoothstep(past_lower, 0, 0.10 * w)
        )
        move = -(upper_move * with_upper) - lower_move * with_lower
        x = (self.columns + move * eye.down[0]).astype(np.float32)
        y = (self.rows + move * eye.down[1]).astype(np.float32)
        return np.asarray(cv2.remap(eye.pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _followed(y: float) -> float:
    """y as the upper lid takes it."""
    return y * (RAISED if y < 0 else 1.0)


def _window(opening: NDArray[np.float32]) -> tuple[slice, slice]:
    rows, cols = np.where(opening > 0.002)
    if not rows.size:
        return slice(0, 1), slice(0, 1)
    return slice(int(rows.min()), int(rows.max()) + 1), slice(int(cols.min()), int(cols.max()) + 1)
