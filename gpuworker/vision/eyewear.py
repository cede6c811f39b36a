"""Spectacles, found by their frames: smooth bars across the bridge of the nose and well below both eyes.

A bar is a line of pixels that is darker or brighter than what lies above and below it; dynamic programming finds the
smooth one that is most so. Frowns and bags under the eyes make bars too, but not at all three places: a crease lies
closer to the lid than a lens ends. Measured on 300 bare faces and 17 in spectacles or sunglasses, and on drawn ones: no
bare face is taken for one in spectacles; missed are faces so small that the frames are a blur, and lenses half outside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.covering import lit_skin
from gpuworker.vision.region import Picture, Points
from gpuworker.vision.topology import EYES, OUTER_CORNERS, SIDES, Side

Field = NDArray[np.float32]

ROW = 0.006
"""Eye spans between the rows of a strip; an eye span is the distance between the outer corners."""
HALF_WIDTHS = (2, 3, 5)
"""Rows of half a bar's thickness that are tried."""
BEND_COST = 0.03
"""Cost of each row by which a bar rises or falls from one column to the next."""
STEEPEST_BEND = 2
WEAKER = 25
"""Percentile of its columns that counts as a bar's strength."""
DARKEST = 20.0
"""Levels of grey below which shares of brightness mean nothing."""


INNER_BROWS = (55, 285)
BRIDGE_ROWS = (-0.16, 0.10)
"""Heights of a bridge; a bar higher up is a frown or brows that meet, lower down a shadow of the nose."""
BELOW_LID, LOWEST_RIM = 0.135, 0.40
"""Eye spans below the lower lid in which a lens ends; creases under the eyes lie above."""
SURE_BRIDGE, SURE_RIMS = 0.16, 0.20
"""Strengths beyond which a bridge, or the weaker of both rims, tells enough alone: bare faces have at most .12, .11."""
LEAST_BRIDGE, CLEAR_RIM, LEAST_SCORE = 0.03, 0.10, 0.18
"""Else a bridge, a clear rim, and three times the first with the mean of both rims are demanded."""
USUAL_BOTTOM = 0.24
BRIGHTER, MOST_PALE = 10.0, 0.15
"""Lightness (L*) above the face's, and the share of the skin around an eye that has it, from which glass mirrors:
without glare at most .13 has."""
BRIGHTEST_WHITE, MOST_GLARING = 88.0, 0.08
"""Lightness and share of the eye's opening: behind clear glass at most .03 is so bright."""


@dataclass(frozen=True, slots=True)
class Bar:
    """strength: difference to what lies above and below, as a share of brightness, 0 … 1;
    rows: height of each column, eye spans below the middle between the inner corners."""

    strength: float
    rows: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeadAxes:
    """Axes of a head in pixels: middle between the inner corners, unit vectors, span between the outer corners."""

    middle: NDArray[np.float64]
    along: NDArray[np.float64]
    down: NDArray[np.float64]
    span: float

    @classmethod
    def of(cls, landmarks: NDArray[np.float64]) -> HeadAxes:
        left, right = landmarks[list(OUTER_CORNERS), :2]
        span = float(np.linalg.norm(right - left))
        along = (right - left) / span
        inner = landmarks[[EYES["left"].corners[1], EYES["right"].corners[0]], :2]
        return cls(inner.mean(axis=0), along, np.array([-along[1], along[0]]), span)

    def own(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(…, 2) pixels as (…, 2) u, v in eye spans."""
        return np.asarray((points - self.middle) @ np.stack([self.along, self.down], axis=-1) / self.span)

    def strip(self, luma: Field, u: NDArray[np.float64], v: NDArray[np.float64]) -> Field:
        """(rows, columns) of the picture at all v and u, in eye spans."""
        us, vs = np.meshgrid(u, v)
        at = self.middle + self.span * (us[..., None] * self.along + vs[..., None] * self.down) - 0.5
        maps = at[..., 0].astype(np.float32), at[..., 1].astype(np.float32)
        return np.asarray(cv2.remap(luma, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


@dataclass(frozen=True, slots=True)
class Spectacles:
    """Frames on a face. axes: the head's, in pixels of the picture; bridge, bottom: heights of the bridge and of the
    lenses' lower rims, eye spans below the middle between the inner corners; glare: whether glass mirrors so much
    light that the eyes cannot be told from it."""

    axes: HeadAxes
    bridge: float
    bottom: float
    glare: bool

    def scaled(self, scale: float) -> Spectacles:
        """The same in a picture `scale` times as large."""
        axes = replace(self.axes, middle=self.axes.middle * scale, span=self.axes.span * scale)
        return replace(self, axes=axes)


def find(picture: Picture, landmarks: Points) -> Spectacles | None:
    """picture: (H, W, ≥3) uint8; landmarks: (478, 2 or 3) in its pixels."""
    axes = HeadAxes.of(landmarks)
    luma = picture[..., :3].astype(np.float32).mean(axis=-1)
    luma = cv2.GaussianBlur(luma, (0, 0), max(0.8, ROW * axes.span)).astype(np.float32)
    points = axes.own(landmarks[:, :2])
    bridge, rims = _bridge(axes, luma, points), [_rim(axes, luma, points, side) for side in SIDES]
    row = float(np.median(bridge.rows))
    if not _are_frames(
        bridge.strength if BRIDGE_ROWS[0] < row < BRIDGE_ROWS[1] else 0.0, [rim.strength for rim in rims]
    ):
        return None
    bottoms = [float(np.percentile(rim.rows, 80)) for rim in rims if rim.strength > CLEAR_RIM]
    skin = lit_skin(picture, landmarks[:, :2])
    glare = any(_mirrors(picture, landmarks[:, :2], skin, side) for side in SIDES)
    return Spectacles(axes, row, max(bottoms, default=USUAL_BOTTOM), glare)


def _are_frames(bridge: float, rims: list[float]) -> bool:
    if bridge > SURE_BRIDGE or min(rims) > SURE_RIMS:
        return True
    return bridge > LEAST_BRIDGE and max(rims) > CLEAR_RIM and 3 * bridge + float(np.mean(rims)) > LEAST_SCORE


def _mirrors(picture: Picture, points: Points, skin: Points, side: Side) -> bool:
    """Whether a lens mirrors light into one eye: around it, brighter than the face and without its colour, or over it,
    brighter than a white of the eye."""
    eye = EYES[side]
    start, end = points[list(eye.corners)]
    reach = 0.5 * float(np.linalg.norm(end - start))
    x, y = np.maximum((start + end) / 2 - reach, 0).astype(int)
    part = picture[y : y + round(2 * reach) + 1, x : x + round(2 * reach) + 1, :3]
    if not part.size:
        return False
    lab = cv2.cvtColor(part.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    contour = points[[*eye.upper, *eye.lower[::-1]]] - (x, y)
    rows, columns = np.mgrid[: lab.shape[0], : lab.shape[1]] + 0.5
    around = (np.hypot(columns - reach, rows - reach) < reach) & ~_inside(contour, 1.15, lab.shape)
    light, colour, usual = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2]), float(np.hypot(*skin[1:]))
    pale = (light > skin[0] + BRIGHTER) & (colour < 0.7 * usual + 3)
    glaring = (light > BRIGHTEST_WHITE) & (light > skin[0] + 0.8 * BRIGHTER)
    return _share(pale, around) > MOST_PALE or _share(glaring, _inside(contour, 1.0, lab.shape)) > MOST_GLARING


def _inside(contour: Points, scale: float, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    wider = contour.mean(axis=0) + (contour - contour.mean(axis=0)) * scale
    filled = cv2.fillPoly(np.zeros(shape[:2], np.uint8), [np.round(wider).astype(np.int32)], 1)
    return np.asarray(filled > 0)


def _share(of: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    return float(of[where].mean()) if where.any() else 0.0


def _bridge(axes: HeadAxes, luma: Field, points: Points) -> Bar:
    gap = points[EYES["right"].corners[0], 0] - points[EYES["left"].corners[1], 0]
    top = points[list(INNER_BROWS), 1].mean() - 0.02
    return _best_bar(axes.strip(luma, *(at := (np.linspace(-0.30, 0.30, 11) * gap, np.arange(top, 0.30, ROW)))), at[1])


def _rim(axes: HeadAxes, luma: Field, points: Points, side: Side) -> Bar:
    eye = EYES[side]
    (left, right), low = points[list(eye.corners), 0], points[list(eye.lower), 1].max()
    u = (left + right) / 2 + np.linspace(-0.35, 0.35, 11) * (right - left)
    v = np.arange(low + BELOW_LID - 2 * HALF_WIDTHS[-1] * ROW, low + LOWEST_RIM, ROW)
    return _best_bar(axes.strip(luma, u, v), v, v >= low + BELOW_LID)


def _best_bar(strip: Field, v: NDArray[np.float64], where: NDArray[np.bool_] | None = None) -> Bar:
    """The dark or the bright bar, whichever is stronger, in the rows `where`, if not in all."""
    contrasts = [_contrast(strip, dark) for dark in (True, False)]
    if where is not None:
        for contrast in contrasts:
            contrast[~where] = -1
    return max((_bar(contrast, v) for contrast in contrasts), key=lambda bar: bar.strength)


def _contrast(strip: Field, dark: bool) -> Field:
    """(rows, columns): by how much each point differs from above and below, the best of all thicknesses; else −1."""
    best = np.full(strip.shape, -1, np.float32)
    for half in HALF_WIDTHS:
        rows = len(strip)
        if rows <= 4 * half:
            continue
        mean = cv2.blur(strip, (1, 2 * half - 1), borderType=cv2.BORDER_REPLICATE)
        above, here, below = mean[: rows - 4 * half], mean[2 * half : rows - 2 * half], mean[4 * half :]
        if dark:
            around = np.minimum(above, below)
            response = (around - here) / np.maximum(around, DARKEST)
        else:
            response = (here - np.maximum(above, below)) / np.maximum(here, DARKEST)
        inside = best[2 * half : rows - 2 * half]
        np.maximum(inside, response, out=inside)
    return best


def _bar(contrast: Field, v: NDArray[np.float64]) -> Bar:
    path = _smoothest(contrast)
    values = contrast[path, np.arange(len(path))]
    return Bar(max(0.0, float(np.percentile(values, WEAKER))), v[path])


def _smoothest(contrast: Field) -> NDArray[np.intp]:
    """Row of each column on the path with the largest sum, less what its bends cost."""
    rows, columns = contrast.shape
    bends = np.arange(-STEEPEST_BEND, STEEPEST_BEND + 1)
    before = np.zeros((columns, rows), np.intp)
    total = contrast[:, 0]
    for column in range(1, columns):
        padded = np.pad(total, STEEPEST_BEND, constant_values=-np.inf)
        reached = np.stack([padded[STEEPEST_BEND + bend :][:rows] - BEND_COST * abs(bend) for bend in bends])
        chosen = reached.argmax(axis=0)
        before[column] = np.arange(rows) + bends[chosen]
        total = reached.max(axis=0) + contrast[:, column]
    path = [int(total.argmax())]
    for column in range(columns - 1, 0, -1):
        path.append(int(before[column, path[-1]]))
    return np.array(path[::-1])
