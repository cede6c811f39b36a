"""Candidates for faces: BlazeFace's detections, and the regions of a picture that it is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.bundled_networks import network
from gpuworker.vision.region import FACE_ROOM, Picture, Points, Region

MIN_SHARE = 0.12
"""Face width over the picture's longer side below which the detector gets unsure (.10: blind)."""
SURE_SHARE = 0.15
"""Least share of a region's side at which the detector missed none of 51 faces; at .12 it missed one in eight."""
MIN_DETECTION = 0.4
"""Half-sure ones are analysed too: an animal then gets its own sentence, a shaded face a chance."""
MAX_FACES = 40

PADDING, MIRRORED_PADDING = 1.5, 1.25
"""Side of a region around the picture over the picture's longer one."""
ELONGATED = 1.5
"""Least ratio of a picture's sides from which squares of the shorter one are looked at as well as the whole."""
CLOSER, CLOSEST = (1.0, 1.6, 2.6), (4.2, 6.8)
"""Squares from closer by: the shorter side over these; the second ones for groups in large pictures."""
LEAST_SQUARE, LEAST_CLOSEST, MOST_SQUARES = 128, 400, 16
"""Their sides in upload pixels (a face of MIN_SHARE of a smaller one is too small), and how many are in a row."""
POINTED = (1.0, 1.6, 2.6, 4.2, 6.8, 11.0, 18.0)
LEAST_POINTED = 64
"""Squares around a point: the picture's shorter side over these, and the least side, in pixels."""
LEAST_READ = 197
"""Least width of a square in the copy that squares are read from, in pixels of the copy."""

ASIDE = 1.3
"""Side of the region for `confidence` over that of the face mesh's."""


@dataclass(frozen=True)
class Detection:
    """A face as the detector sees it: its score, and the upright region around it."""

    score: float
    region: Region

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the picture lies on the face, which FACE_ROOM surrounds."""
        return math.dist((x, y), (self.region.x, self.region.y)) <= 0.6 * self.region.side / FACE_ROOM


def overview(shape: tuple[int, ...]) -> list[Region]:
    """The whole picture, and along a long one half-overlapping squares.

    The detector sees 128 × 128 and needs a face of about MIN_SHARE of that: of people standing side
    by side it finds one or none in the whole picture.
    """
    height, width = shape[:2]
    short, long = min(height, width), max(height, width)
    if long < ELONGATED * short:
        return [_whole(shape)]
    count = min(2 * math.ceil(long / short) - 1, MAX_FACES)
    along = np.linspace(short / 2, long - short / 2, count).tolist()
    squares = [Region(at, short / 2, short) if width > height else Region(short / 2, at, short) for at in along]
    return [_whole(shape), *squares]


def padded(shape: tuple[int, ...]) -> list[Region]:
    """The picture with room around it: features that fill a picture are a face from farther away."""
    return [_whole(shape, PADDING)]


def squares(shape: tuple[int, ...], least: float = 0.0) -> list[Region]:
    """Half-overlapping squares of several sizes, for people far away or in a group, seen only from closer by.

    least: width in pixels of the narrowest face that matters. Squares are left out where wider regions, those of
    `overview` among them, surely show every such face, and overlap no more than the faces are wide that those miss.
    """
    height, width = shape[:2]
    return [
        Region(x, y, side)
        for side, wider in _sides(shape, least)
        for step in [max(0.5 * side, side - FACE_ROOM * SURE_SHARE * wider) if least else 0.5 * side]
        for y in _overlapping(height, side, step)
        for x in _overlapping(width, side, step)
    ]


def _sides(shape: tuple[int, ...], least: float) -> list[tuple[float, float]]:
    """Sides of the squares in a picture, widest first, each with that of the next wider regions."""
    short, shown = min(shape[:2]), min(region.side for region in overview(shape))
    closer = [short / share for share in CLOSER if short / share >= LEAST_SQUARE]
    closest = [short / share for share in CLOSEST if short / share >= LEAST_CLOSEST]
    sides = [side for side in closer + closest if side < shown]
    return [(side, wider) for wider, side in pairwise([shown, *sides]) if SURE_SHARE * wider > least]


def around(x: float, y: float, shape: tuple[int, ...]) -> list[Region]:
    """Squares around a point, from the picture's shorter side down to one that a small face fills."""
    short = min(shape[:2])
    return [Region(x, y, short / share) for share in POINTED if short / share >= LEAST_POINTED]


def turned(shape: tuple[int, ...]) -> list[Region]:
    """The picture on its sides and upside down."""
    return [_whole(shape, degrees=degrees) for degrees in (90, -90, 180)]


def mirrored(shape: tuple[int, ...]) -> list[Region]:
    """The picture with its mirror image around it: beside that, half a face is one that the detector knows."""
    return [_whole(shape, MIRRORED_PADDING, reflects=True)]


def _overlapping(length: int, side: float, step: float) -> list[float]:
    """Centres of squares along `length`, at most `step` apart unless there would be too many."""
    count = min(max(1, math.ceil((length - side) / step) + 1), MOST_SQUARES)
    return [float(at) for at in np.linspace(side / 2, length - side / 2, count)]


def _whole(shape: tuple[int, ...], padding: float = 1.0, degrees: float = 0.0, reflects: bool = False) -> Region:
    """The whole picture, with `padding` × its longer side."""
    height, width = shape[:2]
    return Region(width / 2, height / 2, max(height, width) * padding, math.radians(degrees), reflects=reflects)


def detect(pixels: Picture, regions: Sequence[Region]) -> list[Detection]:
    """Faces seen in any of the regions, surest first, each once."""
    seen = [detection for region in regions for detection in _detect_in(pixels, region)]
    found: list[Detection] = []
    for each in sorted(seen, key=lambda detection: -detection.score):
        if len(found) < MAX_FACES and not any(_same(each.region, other.region) for other in found):
            found.append(each)
    return found


def detect_closer(pixels: Picture, least: float = 0.0) -> list[Detection]:
    """Faces seen in the picture's squares, read from one shrunken copy: they overlap, and each would shrink it anew.

    least: as for `squares`.
    """
    regions = squares(pixels.shape, least)
    height, width = pixels.shape[:2]
    scale = LEAST_READ / min((region.side for region in regions), default=LEAST_READ)
    if scale >= 1:
        return detect(pixels, regions)
    copy = cv2.resize(pixels, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    found = detect(copy.astype(np.uint8), [_scaled(region, scale) for region in regions])
    return [replace(each, region=_scaled(each.region, 1 / scale)) for each in found]


def confidence(pixels: Picture, region: Region) -> float:
    """The detector's best score, 0 … 1, when it is shown one face alone: mean of the region as it is and mirrored.

    region: as the face mesh laid it around its own landmarks.
    """
    view = replace(region, side=ASIDE * region.side).read(pixels, 128)
    return (_best_score(view) + _best_score(view[:, ::-1])) / 2


def _best_score(view: Picture) -> float:
    _, logits = network("face_detection_short_range").run(view / 127.5 - 1.0)
    return _sigmoid(logits.max().item())


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-80.0, min(logit, 80.0))))


def _scaled(region: Region, scale: float) -> Region:
    return replace(region, x=region.x * scale, y=region.y * scale, side=region.side * scale)


def _detect_in(pixels: Picture, region: Region) -> list[Detection]:
    """Every detector output above the threshold; neighbouring ones repeat the same face."""
    boxes, logits = network("face_detection_short_range").run(region.read(pixels, 128) / 127.5 - 1.0)
    scores = 1 / (1 + np.exp(-np.clip(logits.ravel(), -80, 80)))
    sure = np.flatnonzero(scores >= MIN_DETECTION)
    return [Detection(float(scores[k]), _around_box(region, boxes[0, k], _anchors()[k])) for k in sure]


@cache
def _anchors() -> Points:
    """(896, 2): centre of each detector output's cell, 0 … 1 of the region.

    Two outputs a cell on a 16 × 16 grid, then six on 8 × 8 (MediaPipe's SSD options for this model).
    """
    layers = ((16, 2), (8, 6))
    return np.array(
        [[(x + 0.5) / n, (y + 0.5) / n] for n, k in layers for y in range(n) for x in range(n) for _ in range(k)]
    )


def _around_box(region: Region, values: NDArray[np.float32], anchor: Points) -> Region:
    """The region around one detector output.

    The 16 values are centre, size, then six keypoints (the eyes first) from the anchor, in 1/128 of
    the region.
    """
    points = values.reshape(8, 2) / 128.0
    centre, left_eye, right_eye = region.place((points[[0, 2, 3]] + anchor) * 128, 128)
    angle = math.atan2(right_eye[1] - left_eye[1], right_eye[0] - left_eye[0])
    side = float(points[1].max()) * region.side * FACE_ROOM
    return Region(float(centre[0]), float(centre[1]), side, angle, reflects=region.reflects)


def _same(region: Region, other: Region) -> bool:
    return math.dist((region.x, region.y), (other.x, other.y)) <= 0.5 * other.side / FACE_ROOM
