"""Coverings of a face, seen by colours and brightness at its landmarks: sunglasses, a mask; also whether it is drawn.

Nothing here refuses anybody: it is for sentences of advice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.landmarks import iris_view
from gpuworker.vision.region import Picture, Points, Region
from gpuworker.vision.topology import EYE_CORNERS, NOSE_BRIDGE, NOSE_TIP, OUTER_CORNERS, OVAL

UPPER_SKIN = ((151, 108, 337), (117, 346), NOSE_BRIDGE)
"""Forehead, cheeks under the eyes and the nose's bridge: what a mask leaves free."""
LIP, SIDES_OF_MOUTH, CHIN, LIPS = (164,), (192, 416), (200, 199), (0, 17, 13, 14)
LIT_SKIN = (50, 280, 151, 117, 346, 4)

SPOT = 0.07
"""Radius of the disc around a landmark, over the distance of the outer eye corners."""
EYE_DISC = 0.42
"""Radius of the disc around an eye, in eye widths: open skin of the lids takes most of it, or a dark lens."""

MASK_COLOUR, MASK_NOSE, MASK_LIPS = 9.0, 4.0, 4.0
"""Bounds of a mask: above the first two, below the third. 83 of 85 masks in photos are within, 1 of 234 bare faces."""
DARK_LENS = 0.3
"""`eye_light` behind dark lenses: at most .14 painted on 271 photos, at least .36 in those photos without."""
DARK_EYES = 0.66
"""`eye_light` of eyes in the dark; with no iris to be seen in them, they may be behind a reflecting lens."""
FLAT = 0.08
"""`flatness` of a flat drawing, if its lids are not where a person's are either."""
NO_IRIS, CLEAR_IRIS, MIRRORED = 0.8, 0.65, 0.35
"""`hidden_eyes`: brightness of an iris over its flank, that of the other eye's, and the correlation of the one eye with
the other in a mirror. Patches, hands and hair over one eye had .88 and more, .34 at most and .22 at most. Of 150 faces
with both eyes in sight none had all three; the nearest, behind a reflection, .85, .71 and .32.
A closed eye may be as much as .44 like the other, but is `IrisView.hidden`."""
COLOURLESS = 2.0
"""`skin_colour` of a black-and-white photo: in it, a mask is not told from a flat drawing."""


@dataclass(frozen=True)
class Covering:
    """Measures of what covers a face.

    lower_colour: how far the colour of lip, mouth's sides and chin is from that of the upper face, the least of the
        three; nose_colour: the nose's tip from its bridge. Distances in the a, b plane of L*a*b*.
    lips_red: how much redder (a of L*a*b*) the lips are than the skin around them.
    eye_light: brightness of the eyes with their lids over the skin's, mean of both.
    flatness: the share of its texture that a quarter of the face's surface stays under; small on drawings.
    skin_colour: distance of the upper face's colour from grey in the a, b plane.
    """

    lower_colour: float = 0.0
    nose_colour: float = 0.0
    lips_red: float = 10.0
    eye_light: float = 1.0
    flatness: float = 1.0
    skin_colour: float = 20.0

    @property
    def colourless(self) -> bool:
        """Whether the photo is black-and-white."""
        return self.skin_colour < COLOURLESS

    @property
    def dark_lenses(self) -> bool:
        """Whether the eyes are so dark as they are behind dark lenses only."""
        return self.eye_light < DARK_LENS

    @property
    def mask(self) -> bool:
        """Whether nose and mouth are of one other colour, and no lips show."""
        return self.lower_colour > MASK_COLOUR and self.nose_colour > MASK_NOSE and self.lips_red < MASK_LIPS


BARE = Covering()


def hidden_eyes(picture: Picture, points: Points) -> tuple[bool, bool]:
    """Whether something lies over the left and over the right eye, so that nothing of it can be seen: a patch, a hand,
    a curtain of hair, its own lid in a wink. Never both: without one that is seen, neither can be told from eyes that
    are hard to see.

    picture: (H, W, 3) uint8; points: (478, ≥2) in its pixels.
    """
    views = [_around_eye(picture, points, eye) for eye in (0, 1)]
    irises = [iris_view(picture, points, eye) for eye in (0, 1)]
    unlike = float((views[0] * views[1]).mean()) < MIRRORED
    left, right = (
        (unlike or own.hidden) and own.shade > NO_IRIS and other.shade < CLEAR_IRIS
        for own, other in (irises, irises[::-1])
    )
    return left, right


def _around_eye(picture: Picture, points: Points, eye: int) -> NDArray[np.float32]:
    """Brightness around an eye, the right one in a mirror; of mean 0 and deviation 1."""
    start, end = points[list(EYE_CORNERS[eye]), :2]
    (x, y), (dx, dy) = (start + end) / 2, end - start
    region = Region(float(x), float(y), 1.5 * math.hypot(dx, dy), math.atan2(dy, dx), mirrored=eye == 1)
    grey = cv2.cvtColor(region.read(picture, 32), cv2.COLOR_RGB2GRAY)[4:26].astype(np.float32)
    return np.asarray((grey - grey.mean()) / max(float(grey.std()), 1e-3), np.float32)


def covering(view: Picture, points: Points) -> Covering:
    """Measures of one face. view, points: as of landmarks.face_view."""
    lab = cv2.cvtColor(view.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float32)
    spot = SPOT * float(np.linalg.norm(points[OUTER_CORNERS[1]] - points[OUTER_CORNERS[0]]))

    def colour(indices: Sequence[int]) -> Points:
        mean: Points = np.mean([_median(lab, points[index], spot) for index in indices], axis=0)
        return mean

    upper = np.mean([colour(indices) for indices in UPPER_SKIN], axis=0)
    lower = [colour(indices) for indices in (LIP, SIDES_OF_MOUTH, CHIN)]
    skin = float(np.median([_median(lab, points[index], spot)[0] for index in LIT_SKIN]))
    return Covering(
        lower_colour=min(_distance(each, upper) for each in lower),
        nose_colour=_distance(colour(NOSE_TIP), colour(NOSE_BRIDGE)),
        lips_red=float(colour(LIPS)[1] - np.mean(lower, axis=0)[1]),
        eye_light=float(np.mean([_eye_light(lab, points[list(ends)]) for ends in EYE_CORNERS])) / max(skin, 5.0),
        flatness=_flatness(view, points),
        skin_colour=float(np.linalg.norm(upper[1:])),
    )


def _eye_light(lab: NDArray[np.float32], ends: Points) -> float:
    """Lightness that a quarter of the disc around an eye exceeds."""
    values = np.sort(_disc(lab, ends.mean(axis=0), EYE_DISC * float(np.linalg.norm(ends[1] - ends[0])))[:, 0])
    return float(values[len(values) * 3 // 4])


def _flatness(view: Picture, points: Points) -> float:
    """Deviation of brightness around each pixel: its first quarter over its 95 hundredths."""
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY).astype(np.float32)
    spread = np.sqrt(np.maximum(cv2.blur(grey**2, (5, 5)) - cv2.blur(grey, (5, 5)) ** 2, 0))
    inside = cv2.fillPoly(np.zeros(grey.shape, np.uint8), [np.round(points[list(OVAL)]).astype(np.int32)], 1) > 0
    values = np.sort(spread[inside])
    return float(values[len(values) // 4] / max(values[len(values) * 95 // 100], 1.0)) if len(values) else 1.0


def lit_skin(picture: Picture, points: Points) -> Points:
    """(3,): median colour of lit skin in L*a*b*. picture: (H, W, ≥3); points: (478, 2) in its pixels."""
    spot = SPOT * float(np.linalg.norm(points[OUTER_CORNERS[1]] - points[OUTER_CORNERS[0]]))
    x, y = np.maximum(points[list(LIT_SKIN)].min(axis=0) - 2 * spot, 0).astype(int)
    right, bottom = np.maximum(np.ceil(points[list(LIT_SKIN)].max(axis=0) + 2 * spot), (x + 1, y + 1)).astype(int)
    part = picture[y:bottom, x:right, :3].astype(np.float32) / 255
    lab = cv2.cvtColor(part, cv2.COLOR_RGB2LAB).astype(np.float32)
    colour: Points = np.median([_median(lab, points[index] - (x, y), spot) for index in LIT_SKIN], axis=0)
    return colour


def _median(lab: NDArray[np.float32], centre: Points, radius: float) -> Points:
    values = np.sort(_disc(lab, centre, radius), axis=0)
    median: Points = values[len(values) // 2].astype(np.float64)
    return median


def _disc(lab: NDArray[np.float32], centre: Points, radius: float) -> NDArray[np.float32]:
    """(k, 3): the pixels of a disc, at least one; the nearest ones where it lies outside."""
    height, width = lab.shape[:2]
    radius = max(radius, 1.0)
    x, y = np.clip(centre, 0.5, (width - 0.5, height - 0.5))
    left, top = max(int(x - radius), 0), max(int(y - radius), 0)
    part = lab[top : int(y + radius) + 1, left : int(x + radius) + 1]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    inside: NDArray[np.float32] = part[np.hypot(columns + left + 0.5 - x, rows + top + 0.5 - y) < radius]
    return inside


def _distance(colour: Points, other: Points) -> float:
    return float(np.linalg.norm((colour - other)[1:]))
