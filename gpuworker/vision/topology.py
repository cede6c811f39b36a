"""Landmark numbers of the 468-point face mesh, and of the ten iris points after it.

"Left" and "right" are the picture's sides, that is the viewer's. Pairs are left eye, right eye; lid
chains run from the left corner to the right corner of each eye as the picture shows it.
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

LEFT_CHEEK, RIGHT_CHEEK, FOREHEAD, CHIN = 234, 454, 10, 152
OUTER_CORNERS = (33, 263)
NOSE_TIP, NOSE_BRIDGE = (1, 4), (6, 197)
LOWER_CHEEKS = (205, 425)
MESH_POINTS, LANDMARKS = 468, 478

IRISES = (slice(468, 473), slice(473, 478))
"""Centre and four points of the ring, of the left and the right eye."""

EYE_CORNERS = (EYES["left"].corners, EYES["right"].corners)
UPPER_LIDS = (EYES["left"].upper_middle, EYES["right"].upper_middle)
LOWER_LIDS = ((144, 145, 153), (380, 374, 373))

LID_CONTOURS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398),
)
"""Mesh index of the iris model's first 16 points, for the left and the (mirrored) right eye."""

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The face's silhouette, clockwise from the forehead."""
