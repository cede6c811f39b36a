"""Landmark numbers of the 468-point face mesh, and of the ten iris points after it.

"left" and "right" are the picture's sides, not the person's. Lid chains run from the
left corner to the right corner of each eye as the picture shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True, slots=True)
class EyeTopology:
    """corners: left then right end; iris: centre then the four ring points; inner: +1 where +u is towards the nose."""

    corners: tuple[int, int]
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    upper_middle: tuple[int, ...]
    brow: tuple[int, ...]
    iris: tuple[int, int, int, int, int]
    inner: int


EYES: dict[Side, EyeTopology] = {
    "left": EyeTopology(
        corners=(33, 133),
        upper=(33, 246, 161, 160, 159, 158, 157, 173, 133),
        lower=(33, 7, 163, 144, 145, 153, 154, 155, 133),
        upper_middle=(160, 159, 158),
        brow=(70, 63, 105, 66, 107, 46, 55),
        iris=(468, 469, 470, 471, 472),
        inner=1,
    ),
    "right": EyeTopology(
        corners=(362, 263),
        upper=(362, 398, 384, 385, 386, 387, 388, 466, 263),
        lower=(362, 382, 381, 380, 374, 373, 390, 249, 263),
        upper_middle=(385, 386, 387),
        brow=(336, 296, 334, 293, 300, 276, 285),
        iris=(473, 474, 475, 476, 477),
        inner=-1,
    ),
}

OUTER_CORNERS = (33, 263)
CHEEKS = (234, 454)
FOREHEAD, CHIN = 10, 152
MESH_POINTS = 468

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
