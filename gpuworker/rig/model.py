"""Values of a rig. docs/rig.md says of each in which unit and range it is stored, and how a reader draws with it.

Frame pixels are those of the 1× frame; source pixels are `supersampling` times finer. y runs down, and the centre
of the first pixel is at 0.5 in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import Size

STEP = 4
"""Frame pixels between points of the grid."""
HEIGHT_UNIT = 1 / 64
"""Frame pixels; a quarter of it would be seen in no frame and cost 3 KB."""
CURVE = 65
"""Samples of a lid margin, from corner to corner."""
CURVE_UNIT = 1 / 128
"""Source pixels."""
BROW_UNIT = 1 / 255

Pair = tuple[float, float]
Place = tuple[int, int, int, int]
"""Pixels; x, y, width, height."""
Integers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class RigHead:
    """The head's own axes in frame pixels.

    centre: pivot; right: unit vector along the rolled head (down is perpendicular); width: cheek to cheek in 3-D;
    eye_span: between the outer corners; distance: of the camera; gain: scales yaw, pitch and brows;
    yaw_gain: scales yaw alone; yaw_more: scales yaw to the left and to the right.
    """

    centre: Pair
    right: Pair
    width: float
    eye_span: float
    distance: float
    gain: float
    yaw_gain: float
    yaw_more: Pair = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class RigMotion:
    """The engine's constants, in eye widths; travels per unit of y.

    travel_v: of the iris; upper_travel, lower_travel: of the lids; fold: where the upper lid's skin rests;
    lashes, lower_margin: where the opening starts and ends; shadow, shadow_depth: the upper lid's;
    ball: radius of the eyeball in iris radii; rest_reach: grid units around straight ahead that show the photo;
    brow_raise: brow travel per unit of y in outer-corner distances; in_plane: height in head widths from which on
    the in-plane terms count fully.
    """

    travel_v: float
    upper_travel: float
    lower_travel: float
    fold: float
    lashes: float
    lower_margin: float
    shadow: float
    shadow_depth: float
    ball: float
    rest_reach: float
    brow_raise: float
    in_plane: float


@dataclass(frozen=True, slots=True)
class RigLid:
    """A closed lid's skin over one eye.

    place: in the atlas, one pixel a frame pixel; at: where it lies in the box; lashes: colour of the lash line over the
    skin's, red, green, blue, 0 … 1.
    """

    place: Place
    at: tuple[int, int]
    lashes: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class RigEye:
    """One eye, in source pixels.

    box: x0, y0, x1, y1 of the pixels that are painted; middle: between the corners; along: unit vector from the left
    corner to the right one; width: between them; inner: +1 where the nose is towards +u; iris: its centre in u, v of
    the eye as photographed; ahead: its u when it looks straight ahead; photo_y: y at which it looks as in the photo,
    grid units; radius: the iris's; softness: of the limbus, to either side of it; travel: from `ahead` at full x to the
    left and to the right, in eye widths; white, texture: places of the white and of the iris in the atlas; white_at:
    where the white lies in the box; reach: half the side of the iris's square; closes: whether a blink may close it;
    upper, lower: (n,) int32 v of the lid margins in CURVE_UNIT; lid: what a blink lets down; without it, as in older
    files, an eye stays open; over: place of the mask of hair that hangs over the box, one pixel a frame pixel.
    """

    box: Place
    middle: Pair
    along: Pair
    width: float
    inner: int
    iris: Pair
    ahead: float
    photo_y: float
    radius: float
    softness: float
    travel: Pair
    white: Place
    white_at: tuple[int, int]
    texture: Place
    reach: int
    closes: bool
    upper: Integers
    lower: Integers
    lid: RigLid | None = None
    over: Place | None = None

    @property
    def places(self) -> list[Place]:
        """Its parts of the atlas."""
        return [self.white, self.texture, *([self.lid.place] if self.lid else []), *([self.over] if self.over else [])]


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """A portrait's motion. The photo is a file of its own.

    frame: 1× size; alpha: whether the photo has transparency; intensity: scales every direction before anything else;
    height: (rows, columns) int32 in `height_unit`, ≥ 0, 0 where nothing ever moves; brows: the same shape, 0 … 255,
    share of the brows' raise; eyes: none, left and right, or the one that can be seen; atlas: (h, w, 3) uint8 RGB, with
    eyes alone.
    """

    frame: Size
    alpha: bool
    intensity: float
    head: RigHead
    motion: RigMotion
    height: Integers
    brows: Integers
    eyes: tuple[RigEye, ...] = ()
    atlas: NDArray[np.uint8] | None = None
    supersampling: int = 2
    height_unit: float = HEIGHT_UNIT
    curve_unit: float = CURVE_UNIT


def grid_size(frame: Size) -> tuple[int, int]:
    """Columns and rows of the grid over a frame."""
    return frame.width // STEP + 1, frame.height // STEP + 1
