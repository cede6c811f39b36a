"""Faces in a photo: where they are, their landmarks and irises, and whether they can be rendered.

Four small networks (gpuworker/models/README.md) run one after the other: BlazeFace finds faces in
the whole picture, the face mesh places 468 landmarks, the iris model refines lids and irises, and
the selfie segmentation tells person from background.

Coordinates are continuous upload pixels: pixel (column i, row j) covers [i, i+1) × [j, j+1), so its
centre is at i + .5. “Left” and “right” are the picture's, that is the viewer's.
"""

from __future__ import annotations

import hashlib
import math
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from gpuworker.contract import Box
from gpuworker.errors import (
    BadRequest,
    EyesClosed,
    FaceCut,
    FaceTooSmall,
    FaceTurned,
    NoFace,
    NotHuman,
    SeveralFaces,
)
from gpuworker.topology import (
    CHIN,
    EYE_CORNERS,
    FOREHEAD,
    IRISES,
    LANDMARKS,
    LEFT_CHEEK,
    LID_CONTOURS,
    LOWER_LIDS,
    MESH_POINTS,
    OVAL,
    RIGHT_CHEEK,
    UPPER_LIDS,
)

Points = NDArray[np.float64]
Picture = NDArray[np.uint8]

MODELS = Path(__file__).parent / "models"

IRIS_CROPS = (2.3, 2.6, 2.9)
"""Side of the iris model's view in eye widths. One is too tight for a far eye; above 3.4 it drifts."""

MIN_SHARE = 0.12
"""Face width over the picture's longer side below which the detector gets unsure (.10: blind)."""
MIN_DETECTION = 0.4
"""Half-sure ones are analysed too: an animal then gets its own sentence, a shaded face a chance."""
MAX_FACES = 20
FACE_ROOM = 1.5
"""Side of the mesh model's view over the face's, as it was trained."""
PADDED = 1.5
"""Second look when nothing is found: features that fill the picture are a face from farther away."""
HALVED_PADDING = 1.25
ELONGATED = 1.5
"""From this ratio of its sides, squares of the shorter one are looked at as well as the whole."""

CLOSER = (1.0, 1.6, 2.6)
"""Squares of the last resort: the shorter side over these."""
LEAST_SQUARE, MOST_SQUARES = 128, 8
"""Their side in upload pixels (a smaller one holds no face that is large enough), and how many in a row."""

MIN_PRESENCE = 0.5
SURE_PRESENCE = 0.95
SURE_DETECTION = 0.86
MAX_CONTOUR_ERROR = 0.09
MIN_WIDTH = 50.0
GOOD_WIDTH = 80.0
MAX_YAW = 35.0
STRONG_YAW = 20.0
MAX_ROLL = 45.0
STRONG_ROLL = 25.0
SHUT_APERTURE = 0.12
DOUBTFUL_APERTURE = 0.27
COVERED_IRIS = 0.65
"""Both lid models see an opening up to DOUBTFUL_APERTURE in closed eyes; an iris is then the proof.
Iris over white measured .16 … .55 on open eyes, .70 … 1.43 on the same ones painted shut."""
CUT_TOLERANCE = 0.03
"""How far the silhouette may leave the picture, in face widths: about its own error."""
NOTHING_FOUND = (
    "We could not find a face in this picture. Please use a photo that shows one face from the front, "
    f"at least {MIN_SHARE:.0%} as wide as the picture's longer side."
)
PROMINENCE = 3.0
"""A face this many times as wide as every other is the portrait; the others are background."""


@dataclass(frozen=True)
class Face:
    """One analysed face.

    box: bounds of the mesh, upload pixels; may leave the picture where the face does.
    score: the detector's confidence, MIN_DETECTION … 1.
    presence: the landmark model's confidence that its view holds a face, 0 … 1.
    landmarks: (478, 3) float64: x, y in upload pixels, z on the same scale, negative towards the
        viewer. 0 … 467 are MediaPipe's face mesh with the lid contours taken from the iris model,
        468 … 472 the left iris (centre, then four points of its ring), 473 … 477 the right one.
    iris_candidates: (2, 3, 2) float64: iris centres of the left and the right eye as seen in crops
        of 2.3, 2.6 and 2.9 eye widths, upload pixels.
    contour_error: mean distance of the iris model's lid contour from the mesh's, mean of both
        eyes, in eye widths. Small on human faces, large on animals.
    iris_shade: brightness of the left and the right iris over that of the white beside it; about 1
        where a lid covers them.
    """

    box: Box
    score: float
    presence: float
    landmarks: Points
    iris_candidates: Points
    contour_error: float
    iris_shade: tuple[float, float] = (0.0, 0.0)

    @property
    def width(self) -> float:
        """Cheek to cheek in space, so that turning the head does not change it; upload pixels."""
        return float(np.linalg.norm(self.landmarks[RIGHT_CHEEK] - self.landmarks[LEFT_CHEEK]))

    @property
    def height(self) -> float:
        """Forehead to chin in space; upload pixels."""
        return float(np.linalg.norm(self.landmarks[FOREHEAD] - self.landmarks[CHIN]))

    @property
    def yaw(self) -> float:
        """Degrees, + is turned to the viewer's right (the right cheek lies farther away)."""
        across = self.landmarks[RIGHT_CHEEK] - self.landmarks[LEFT_CHEEK]
        return math.degrees(math.atan2(across[2], math.hypot(across[0], across[1])))

    @property
    def roll(self) -> float:
        """Degrees, + is clockwise on the screen (the right eye is the lower one)."""
        across = self.landmarks[EYE_CORNERS[1][1]] - self.landmarks[EYE_CORNERS[0][0]]
        return math.degrees(math.atan2(across[1], across[0]))

    @property
    def apertures(self) -> tuple[float, float]:
        """Opening of the left and the right eye between the lids' middles, in eye widths."""
        return _aperture(self.landmarks, 0), _aperture(self.landmarks, 1)

    @property
    def shut(self) -> tuple[bool, bool]:
        """Whether the left and the right eye are closed or nearly so."""
        left, right = (
            aperture < SHUT_APERTURE or (aperture < DOUBTFUL_APERTURE and shade > COVERED_IRIS)
            for aperture, shade in zip(self.apertures, self.iris_shade, strict=True)
        )
        return left, right

    @property
    def human(self) -> bool:
        """False for the animals and patterns that the detector takes for faces."""
        unsure = self.score < SURE_DETECTION and self.contour_error > MAX_CONTOUR_ERROR
        return self.presence >= MIN_PRESENCE and not unsure


def find(pixels: Picture) -> list[Face]:
    """Every human face in an upright picture (H, W, 3) uint8 sRGB, analysed, largest first.

    Where there is none: whatever else was taken for a face, so that `choose` can say what is wrong.
    """
    shape = pixels.shape
    faces = _analysed(pixels, _detect(pixels, _looks(shape)) or _detect(pixels, [_whole(shape, PADDED)]))
    people = [face for face in faces if face.human] or _closer(pixels)
    # A doubtful upright face is not upside down unless the detector is surer of that.
    surest = max((face.score for face in faces), default=0.0)
    return people or [face for face in _lying(pixels) if face.score > surest] or _halved(pixels) or faces


def warm() -> None:
    """Load all networks now, so that the first photo does not wait for them."""
    with _quiet_runtime():
        for name in ("face_detection_short_range", "face_landmark", "iris_landmark", "selfie_segmentation"):
            _network(name)


@contextmanager
def _quiet_runtime() -> Iterator[None]:
    """LiteRT announces its delegate on standard error, in the middle of a progress bar; there is no switch for it."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def choose(faces: Sequence[Face], index: int | None, shape: tuple[int, ...]) -> Face:
    """The one face to render: number `index` of `faces`, or the only prominent one.

    shape: the picture's (H, W, …).
    Raises NoFace, NotHuman, SeveralFaces (details: index and box of each), FaceCut, FaceTooSmall,
    FaceTurned, EyesClosed, or BadRequest when there is no such index.
    """
    if not faces:
        raise NoFace(NOTHING_FOUND)
    if index is None:
        face = _most_prominent(faces)
    elif index < len(faces):
        face = faces[index]
    else:
        raise BadRequest(f"There is no face number {index} in this picture; it shows {len(faces)}.")
    _check(face, shape)
    return face


def advice(face: Face) -> tuple[str, ...]:
    """Sentences for the person about an accepted face that will not look its best."""
    sentences = []
    if face.width < GOOD_WIDTH:
        sentences.append(
            f"The face is only {face.width:.0f} pixels wide, so the result will look soft. "
            f"A photo in which it has at least {GOOD_WIDTH:.0f} looks better."
        )
    if abs(face.yaw) > STRONG_YAW:
        sentences.append("The face is turned to the side, so it will move less. A photo from the front works best.")
    if abs(face.roll) > STRONG_ROLL:
        sentences.append("The head is strongly tilted. An upright one works best.")
    if any(face.shut):
        sentences.append("One eye is nearly closed, so its gaze may not look right.")
    return tuple(sentences)


def person_mask(pixels: Picture) -> NDArray[np.float32]:
    """How surely each pixel shows the person: (H, W) float32, 0 … 1, for (H, W, 3) uint8 sRGB.

    The network sees 256 × 256, so the edge is soft; it separates head from background, not hairs.
    """
    height, width = pixels.shape[:2]
    (mask,) = _network("selfie_segmentation").run(cv2.resize(pixels, (256, 256), interpolation=cv2.INTER_AREA) / 255.0)
    resized = cv2.resize(mask.reshape(256, 256), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(resized, 0.0, 1.0).astype(np.float32)


# ------------------------------------------------------------------ choosing


def _most_prominent(faces: Sequence[Face]) -> Face:
    """The human face that dwarfs all others, or the largest thing found when none is human."""
    people = [face for face in faces if face.human]
    if not people:
        return faces[0]
    if any(face.width * PROMINENCE > people[0].width for face in people[1:]):
        listed = [{"index": i, "box": face.box.to_json()} for i, face in enumerate(faces) if face.human]
        raise SeveralFaces(details={"faces": listed})
    return people[0]


def _check(face: Face, shape: tuple[int, ...]) -> None:
    """Raise the error that fits best; a cut face confuses the other measures, so it comes first."""
    if face.presence >= MIN_PRESENCE and _cut(face, shape):
        raise FaceCut
    if not face.human:
        raise NotHuman
    if face.width < MIN_WIDTH:
        raise FaceTooSmall(
            f"The face in this picture is only {face.width:.0f} pixels wide; it needs at least {MIN_WIDTH:.0f}. "
            "Please use a photo in which it is larger."
        )
    if abs(face.roll) > MAX_ROLL:
        raise FaceTurned("The face lies on its side. Please turn the picture upright.")
    if abs(face.yaw) > MAX_YAW:
        raise FaceTurned
    if all(face.shut):
        raise EyesClosed


def _cut(face: Face, shape: tuple[int, ...]) -> bool:
    """Whether the silhouette leaves the picture."""
    oval = face.landmarks[list(OVAL), :2]
    overhang = max(-oval.min(), *(oval.max(axis=0) - (shape[1], shape[0])))
    return bool(overhang > CUT_TOLERANCE * face.width)


def _aperture(landmarks: Points, eye: int) -> float:
    start, end = landmarks[list(EYE_CORNERS[eye]), :2]
    gap = landmarks[list(LOWER_LIDS[eye]), :2].mean(axis=0) - landmarks[list(UPPER_LIDS[eye]), :2].mean(axis=0)
    along = end - start
    return float((along[0] * gap[1] - along[1] * gap[0]) / (along @ along))


# ------------------------------------------------------------------ networks


class _Network:
    """One tflite file on one thread. Its bytes are kept: the interpreter reads them in place."""

    def __init__(self, name: str) -> None:
        self._content = _verified(name)
        self._interpreter = Interpreter(model_content=self._content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]
        self._lock = threading.Lock()

    def run(self, picture: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Outputs in the file's order for one (n, n, 3) picture, scaled as the network wants it."""
        with self._lock:
            self._interpreter.set_tensor(self._input, picture[None].astype(np.float32))
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index) for index in self._outputs]


@cache
def _network(name: str) -> _Network:
    """Loaded on first use, once per process."""
    return _Network(name)


def _verified(name: str) -> bytes:
    """The model file's bytes. Raises RuntimeError with both hashes when they are not the listed ones."""
    file = f"{name}.tflite"
    lines = (MODELS / "SHA256SUMS").read_text().splitlines()
    expected = {line.split()[1]: line.split()[0] for line in lines if line}.get(file, "nothing")
    content = (MODELS / file).read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise RuntimeError(f"{MODELS / file} is damaged: its SHA-256 is {actual}, SHA256SUMS lists {expected}")
    return content


# --------------------------------------------------------------------- views


@dataclass(frozen=True)
class _View:
    """A square that a network looks at: centre and side in picture pixels, turned, maybe mirrored.

    angle: radians, + clockwise on the screen; the view's x axis points that way in the picture.
    reflects: what lies outside the picture is its mirror image instead of its edge, continued.
    """

    x: float
    y: float
    side: float
    angle: float = 0.0
    mirrored: bool = False
    reflects: bool = False

    def affine(self, n: int) -> Points:
        """(2, 3): continuous coordinates in the view's n × n pixels → picture."""
        cos, sin = math.cos(self.angle) * self.side / n, math.sin(self.angle) * self.side / n
        flip = -1.0 if self.mirrored else 1.0
        turn = np.array([[flip * cos, -sin], [flip * sin, cos]])
        return np.column_stack([turn, np.array([self.x, self.y]) - turn @ [n / 2, n / 2]])

    def place(self, points: NDArray[Any], n: int) -> Points:
        """(k, 2) points of the view's n × n pixels, in the picture."""
        affine = self.affine(n)
        placed: Points = points[:, :2].astype(np.float64) @ affine[:, :2].T + affine[:, 2]
        return placed

    def read(self, picture: Picture, n: int) -> Picture:
        """What the view shows, (n, n, 3) uint8."""
        part, scale, (x, y) = self._surroundings(picture, n)
        affine = (self.affine(n) - [[0, 0, x], [0, 0, y]]) * scale[:, None]
        # warpAffine counts from pixel centres.
        affine[:, 2] += affine[:, :2] @ [0.5, 0.5] - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        outside = cv2.BORDER_REFLECT if self.reflects else cv2.BORDER_REPLICATE
        return cv2.warpAffine(part, affine, (n, n), flags=flags, borderMode=outside).astype(np.uint8)

    def _surroundings(self, picture: Picture, n: int) -> tuple[Picture, Points, tuple[int, int]]:
        """The part of the picture under the view, shrunk to about the view's own resolution first.

        Sampling a large picture straight into a small view would alias; shrinking only the part
        keeps a small face in a large picture at full resolution. Returns part, scale (x, y), origin.
        """
        height, width = picture.shape[:2]
        reach = self.side * math.sqrt(0.5) + 2
        left, right = (int(np.clip(self.x + d, 0, width)) for d in (-reach, reach))
        top, bottom = (int(np.clip(self.y + d, 0, height)) for d in (-reach, reach))
        left, top = min(left, width - 1), min(top, height - 1)
        part = picture[top : max(bottom, top + 1), left : max(right, left + 1)]
        shrink = n / self.side
        if shrink < 0.67:
            size = [max(1, round(side * shrink)) for side in (part.shape[1], part.shape[0])]
            scale = np.array(size) / (part.shape[1], part.shape[0])
            return cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8), scale, (left, top)
        return part, np.ones(2), (left, top)


# ----------------------------------------------------------------- detection


@dataclass(frozen=True)
class _Detection:
    """A face as the detector sees it: its score, and the upright view around it."""

    score: float
    view: _View


@cache
def _anchors() -> Points:
    """(896, 2): centre of each detector output's cell, 0 … 1 of the view.

    Two outputs a cell on a 16 × 16 grid, then six on 8 × 8 (MediaPipe's SSD options for this model).
    """
    layers = ((16, 2), (8, 6))
    return np.array(
        [[(x + 0.5) / n, (y + 0.5) / n] for n, k in layers for y in range(n) for x in range(n) for _ in range(k)]
    )


def _whole(shape: tuple[int, ...], padding: float = 1.0, degrees: float = 0.0, reflects: bool = False) -> _View:
    """The whole picture, with `padding` × its longer side."""
    height, width = shape[:2]
    return _View(width / 2, height / 2, max(height, width) * padding, math.radians(degrees), reflects=reflects)


def _looks(shape: tuple[int, ...]) -> list[_View]:
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
    squares = [_View(at, short / 2, short) if width > height else _View(short / 2, at, short) for at in along]
    return [_whole(shape), *squares]


def _closer(pixels: Picture) -> list[Face]:
    """People far away or in a group, whom the detector only sees from closer by: half-overlapping squares.

    A last resort, and only for sure finds: squares of a picture without people show the detector
    much that could be a face.
    """
    height, width = pixels.shape[:2]
    views = [
        _View(x, y, side)
        for side in (min(height, width) / share for share in CLOSER)
        if side >= LEAST_SQUARE
        for y in _overlapping(height, side)
        for x in _overlapping(width, side)
    ]
    sure = [detection for detection in _detect(pixels, views) if detection.score >= SURE_DETECTION]
    return [face for face in _analysed(pixels, sure) if face.presence >= SURE_PRESENCE and face.human]


def _overlapping(length: int, side: float) -> list[float]:
    """Centres of half-overlapping squares along `length`."""
    count = min(max(1, math.ceil((length - side) / (0.5 * side)) + 1), MOST_SQUARES)
    return [float(at) for at in np.linspace(side / 2, length - side / 2, count)]


def _detect(pixels: Picture, views: Sequence[_View]) -> list[_Detection]:
    """Faces seen in any of the views, surest first, each once."""
    seen = [detection for view in views for detection in _detect_in(pixels, view)]
    found: list[_Detection] = []
    for each in sorted(seen, key=lambda detection: -detection.score):
        if len(found) < MAX_FACES and not any(_same(each.view, other.view) for other in found):
            found.append(each)
    return found


def _detect_in(pixels: Picture, view: _View) -> list[_Detection]:
    """Every detector output above the threshold; neighbouring ones repeat the same face."""
    boxes, logits = _network("face_detection_short_range").run(view.read(pixels, 128) / 127.5 - 1.0)
    scores = 1 / (1 + np.exp(-np.clip(logits.ravel(), -80, 80)))
    sure = np.flatnonzero(scores >= MIN_DETECTION)
    return [_Detection(float(scores[k]), _around_box(view, boxes[0, k], _anchors()[k])) for k in sure]


def _same(view: _View, other: _View) -> bool:
    return math.dist((view.x, view.y), (other.x, other.y)) <= 0.5 * other.side / FACE_ROOM


def _around_box(view: _View, values: NDArray[np.float32], anchor: Points) -> _View:
    """The view around one detector output.

    The 16 values are centre, size, then six keypoints (the eyes first) from the anchor, in 1/128 of
    the view.
    """
    points = values.reshape(8, 2) / 128.0
    centre, left_eye, right_eye = view.place((points[[0, 2, 3]] + anchor) * 128, 128)
    angle = math.atan2(right_eye[1] - left_eye[1], right_eye[0] - left_eye[0])
    side = float(points[1].max()) * view.side * FACE_ROOM
    return _View(float(centre[0]), float(centre[1]), side, angle, reflects=view.reflects)


def _lying(pixels: Picture) -> list[Face]:
    """Human faces on their side or upside down, which the detector sees when the view is turned."""
    views = [_whole(pixels.shape, degrees=degrees) for degrees in (90, -90, 180)]
    faces = _analysed(pixels, _detect(pixels, views))
    return [face for face in faces if face.human and abs(face.roll) > MAX_ROLL]


def _halved(pixels: Picture) -> list[Face]:
    """Faces that the picture's edge cuts in half.

    Beside its own mirror image half a face is one that the detector knows. Its eyes do not match
    the mesh then, so `human` is not asked; a cut face is refused in any case.
    """
    faces = _analysed(pixels, _detect(pixels, [_whole(pixels.shape, HALVED_PADDING, reflects=True)]))
    return [face for face in faces if face.presence >= MIN_PRESENCE and _cut(face, pixels.shape)]


# ----------------------------------------------------------------- landmarks


def _analysed(pixels: Picture, detections: Sequence[_Detection]) -> list[Face]:
    """The detections' faces, largest first."""
    return sorted((_analyse(pixels, detection) for detection in detections), key=lambda face: -face.width)


def _analyse(pixels: Picture, detection: _Detection) -> Face:
    """Mesh, lids and irises of one detected face."""
    mesh, presence, view = _mesh(pixels, detection.view)
    eyes = [_eye(pixels, mesh, view, eye) for eye in (0, 1)]
    landmarks = _with_eyes(mesh, eyes)
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    return Face(
        box=Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
        score=detection.score,
        presence=presence,
        landmarks=landmarks,
        iris_candidates=np.array([irises[:, 0] for _, irises in eyes]),
        contour_error=float(np.mean([_contour_error(mesh, eye, eyes[eye][0]) for eye in (0, 1)])),
        iris_shade=(_iris_shade(pixels, landmarks, 0), _iris_shade(pixels, landmarks, 1)),
    )


def _with_eyes(mesh: Points, eyes: Sequence[tuple[Points, Points]]) -> Points:
    """All 478 landmarks: the mesh with each eye's lid contour (16, 2) and iris (3, 5, 2) set in."""
    landmarks = np.vstack([mesh, np.zeros((LANDMARKS - MESH_POINTS, 3))])
    for eye, (contour, irises) in enumerate(eyes):
        indices = list(LID_CONTOURS[eye])
        landmarks[indices, :2] = contour
        landmarks[IRISES[eye], :2] = irises.mean(axis=0)
        landmarks[IRISES[eye], 2] = mesh[indices, 2].mean()
    return landmarks


def _contour_error(mesh: Points, eye: int, contour: Points) -> float:
    """Mean distance of the iris model's lids from the mesh's, in the mesh's eye widths."""
    start, end = mesh[list(EYE_CORNERS[eye]), :2]
    distances = np.linalg.norm(contour - mesh[list(LID_CONTOURS[eye]), :2], axis=1)
    return float(distances.mean() / np.linalg.norm(end - start))


def _iris_shade(pixels: Picture, landmarks: Points, eye: int) -> float:
    """Brightness of the iris over that of the brighter flank beside it.

    Measured in a band as high as a narrow opening. A lash line crosses all of it alike, so that it
    does not pass for an iris.
    """
    start, end = landmarks[list(EYE_CORNERS[eye]), :2]
    x, y = landmarks[IRISES[eye]][0, :2]
    side = float(np.linalg.norm(end - start))
    view = _View(float(x), float(y), side, math.atan2(end[1] - start[1], end[0] - start[0]))
    columns = cv2.cvtColor(view.read(pixels, 64), cv2.COLOR_RGB2GRAY)[25:39].mean(axis=0)
    flank = max(columns[8:18].mean(), columns[46:56].mean())
    return float(columns[26:38].mean() / max(flank, 1.0))


def _mesh(pixels: Picture, view: _View) -> tuple[Points, float, _View]:
    """Face mesh (468, 3) in picture pixels, its presence 0 … 1, and the view around it.

    Run twice: the second view is laid around the first one's landmarks, as a video tracker would.
    """
    for _ in range(2):
        outputs = _network("face_landmark").run(view.read(pixels, 192) / 255.0)
        values, logit = sorted(outputs, key=lambda output: -output.size)
        points = values.reshape(MESH_POINTS, 3)
        mesh = np.column_stack([view.place(points, 192), points[:, 2] * view.side / 192])
        view = _around(mesh, view.reflects)
    return mesh, 1 / (1 + math.exp(-float(np.clip(logit.item(), -80, 80)))), view


def _around(mesh: Points, reflects: bool) -> _View:
    """The view with room around the mesh's bounds in the eyes' own axes."""
    across = mesh[EYE_CORNERS[1][1], :2] - mesh[EYE_CORNERS[0][0], :2]
    angle = math.atan2(across[1], across[0])
    axes = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    turned = mesh[:, :2] @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    x, y = (low + high) / 2 @ axes
    return _View(float(x), float(y), float((high - low).max()) * FACE_ROOM, angle, reflects=reflects)


def _eye(pixels: Picture, mesh: Points, face: _View, eye: int) -> tuple[Points, Points]:
    """One eye's lid contour (16, 2), mean of three crops, and its iris (3, 5, 2) in each of them."""
    start, end = mesh[list(EYE_CORNERS[eye]), :2]
    x, y = (start + end) / 2
    width = float(np.linalg.norm(end - start))
    contours, irises = [], []
    for crop in IRIS_CROPS:
        # The network knows one eye only; the other is shown to it in a mirror.
        view = replace(face, x=float(x), y=float(y), side=width * crop, mirrored=eye == 1)
        outputs = _network("iris_landmark").run(view.read(pixels, 64) / 255.0)
        contour, iris = sorted(outputs, key=lambda output: -output.size)
        contours.append(view.place(contour.reshape(-1, 3)[:16], 64))
        irises.append(view.place(iris.reshape(5, 3), 64))
    return np.mean(contours, axis=0), np.array(irises)
