"""Faces in a photo: where they are, their landmarks and irises, and whether they can be rendered.

One step after the other: BlazeFace finds faces in the picture (face_detection.py), the face mesh
places 468 landmarks, the iris model refines lids and irises (landmarks.py).

Coordinates are continuous upload pixels: pixel (column i, row j) covers [i, i+1) × [j, j+1), so its
centre is at i + .5. “Left” and “right” are the picture's, that is the viewer's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
from gpuworker.face_detection import MIN_SHARE, Detection, detect, mirrored, overview, padded, squares, turned
from gpuworker.landmarks import aperture, contour_error, eye_landmarks, face_mesh, iris_shade, with_eyes
from gpuworker.region import Picture, Points
from gpuworker.topology import CHIN, EYE_CORNERS, FOREHEAD, LEFT_CHEEK, OVAL, RIGHT_CHEEK

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
    presence: the landmark model's confidence that its region holds a face, 0 … 1.
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
        return aperture(self.landmarks, 0), aperture(self.landmarks, 1)

    @property
    def shut(self) -> tuple[bool, bool]:
        """Whether the left and the right eye are closed or nearly so."""
        left, right = (
            opening < SHUT_APERTURE or (opening < DOUBTFUL_APERTURE and shade > COVERED_IRIS)
            for opening, shade in zip(self.apertures, self.iris_shade, strict=True)
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
    faces = _analysed(pixels, detect(pixels, overview(shape)) or detect(pixels, padded(shape)))
    people = [face for face in faces if face.human] or _closer(pixels)
    # A doubtful upright face is not upside down unless the detector is surer of that.
    surest = max((face.score for face in faces), default=0.0)
    return people or [face for face in _lying(pixels) if face.score > surest] or _halved(pixels) or faces


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


# ------------------------------------------------------------------- finding


def _closer(pixels: Picture) -> list[Face]:
    """People far away or in a group.

    A last resort, and only for sure finds: squares of a picture without people show the detector
    much that could be a face.
    """
    sure = [detection for detection in detect(pixels, squares(pixels.shape)) if detection.score >= SURE_DETECTION]
    return [face for face in _analysed(pixels, sure) if face.presence >= SURE_PRESENCE and face.human]


def _lying(pixels: Picture) -> list[Face]:
    """Human faces on their side or upside down."""
    faces = _analysed(pixels, detect(pixels, turned(pixels.shape)))
    return [face for face in faces if face.human and abs(face.roll) > MAX_ROLL]


def _halved(pixels: Picture) -> list[Face]:
    """Faces that the picture's edge cuts in half.

    Beside a mirror image their eyes do not match the mesh, so `human` is not asked; a cut face is
    refused in any case.
    """
    faces = _analysed(pixels, detect(pixels, mirrored(pixels.shape)))
    return [face for face in faces if face.presence >= MIN_PRESENCE and _cut(face, pixels.shape)]


def _analysed(pixels: Picture, detections: Sequence[Detection]) -> list[Face]:
    """The detections' faces, largest first."""
    return sorted((_analyse(pixels, detection) for detection in detections), key=lambda face: -face.width)


def _analyse(pixels: Picture, detection: Detection) -> Face:
    """Mesh, lids and irises of one detected face."""
    mesh, presence, region = face_mesh(pixels, detection.region)
    eyes = [eye_landmarks(pixels, mesh, region, eye) for eye in (0, 1)]
    landmarks = with_eyes(mesh, eyes)
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    return Face(
        box=Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
        score=detection.score,
        presence=presence,
        landmarks=landmarks,
        iris_candidates=np.array([irises[:, 0] for _, irises in eyes]),
        contour_error=float(np.mean([contour_error(mesh, eye, eyes[eye][0]) for eye in (0, 1)])),
        iris_shade=(iris_shade(pixels, landmarks, 0), iris_shade(pixels, landmarks, 1)),
    )


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
