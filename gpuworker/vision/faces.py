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
    FaceUnclear,
    NoFace,
    RenderError,
    SeveralFaces,
)
from gpuworker.vision.covering import BARE, DARK_EYES, FLAT, Covering, covering
from gpuworker.vision.face_detection import (
    MIN_SHARE,
    Detection,
    around,
    confidence,
    detect,
    detect_closer,
    mirrored,
    overview,
    padded,
    turned,
)
from gpuworker.vision.landmarks import (
    IrisView,
    aperture,
    contour_error,
    eye_landmarks,
    face_mesh,
    face_view,
    iris_view,
    nose_shade,
    with_eyes,
)
from gpuworker.vision.region import FACE_ROOM, Picture, Points, Region
from gpuworker.vision.topology import CHIN, EYE_CORNERS, FOREHEAD, LEFT_CHEEK, OVAL, RIGHT_CHEEK

MIN_PRESENCE = 0.5
SURE_PRESENCE = 0.95
HALF_SURE_CONFIDENCE = 0.80
"""Least confidence in a face between the two presences."""
SURE_CONFIDENCE = 0.84
LIGHT_NOSE = 0.45
"""One of these is demanded of every face: most dogs' noses are half as bright as the bridge, hardly any person's."""
STRANGE_CONFIDENCE, CLEAR_STEP, MASKED_NOSE = 0.78, 0.66, 0.93
"""An ape's bare face, below the first, above the second, below the third. So little is seen of people where the picture
is blurred, and then their eyes are too, or where a mask hides the nose, which is then as bright as the mask."""
MIN_SQUARE_DETECTION = 0.5
CLEARLY_SURER = 0.05
"""Least gain in the detector's score for which the same face is analysed anew in another region of the picture."""
MIN_GROUP_CONFIDENCE = 0.70
"""Least confidence in a face that only a square of the picture showed: hands and lettering, too, have presence 1."""

MIN_WIDTH = 50.0
GOOD_WIDTH = 80.0
MAX_YAW = 35.0
STRONG_YAW = 20.0
MAX_ROLL = 45.0
STRONG_ROLL = 25.0
SHUT_APERTURE = 0.13
"""Judged by shape alone: the brightness of an iris refuses light eyes, spectacles and squints."""
NARROW_APERTURE = 0.27
"""A narrower eye may be closed when no iris is seen in it."""
UNSEEN_STEP = 0.2
DRAWN_CONTOUR = 0.09
"""`IrisView.step` of irises that are not seen in the dark, and `contour_error` of eyes that are drawn."""
MIN_DRAWN_WIDTH = 110.0
"""Least width in pixels of a face that may be said to be drawn: a smaller photo of one is as flat and unclear."""
CUT_TOLERANCE = 0.03
"""Distance by which the silhouette may leave the picture, in face widths: about its own error."""
NOTHING_FOUND = (
    "We could not find a face in this picture. Please use a photo that shows one face from the front, "
    f"at least {MIN_SHARE:.0%} as wide as the picture's longer side."
)
MASKED = (
    "We could not see nose and mouth, and without them not enough of the face. "
    "Please use a photo with nothing in front of it."
)
NOTHING_HERE = "We could not make out a face there. Please point at the middle of a face that shows both eyes."
SAME_OVERLAP = 0.4
"""Least intersection over union of two boxes on the same face."""
VERY_OVERLAP = 0.95
"""Least intersection over union of a face's box with that from the same region of the same picture."""
NECK_OVERLAP, NECK_SCORE = 0.05, 0.75
"""A face that covers more of a surer one than the first (intersection over union), with less than the second of its
score, is a chin or neck taken for a face: people cheek to cheek cover less of each other or are seen as surely."""
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
    confidence: the detector's score when it is shown this face alone, 0 … 1.
    nose_shade: brightness of the nose's tip over that of its bridge; small on dogs and cats.
    irises: how the left and the right iris look.
    covering: what covers it.
    contour_error: mean distance of the iris model's lid contour from the mesh's, mean of both
        eyes, in eye widths; large where eyes are not drawn as they are.
    """

    box: Box
    score: float
    presence: float
    landmarks: Points
    iris_candidates: Points
    confidence: float
    nose_shade: float
    irises: tuple[IrisView, IrisView] = (IrisView(), IrisView())
    covering: Covering = BARE
    contour_error: float = 0.0

    @property
    def width(self) -> float:
        """Cheek to cheek in space, so that turning the head does not change it; upload pixels."""
        return _width(self.landmarks)

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
    def eyes_middle(self) -> Points:
        """(2,): the middle of the four eye corners, upload pixels."""
        middle: Points = self.landmarks[[corner for eye in EYE_CORNERS for corner in eye], :2].mean(axis=0)
        return middle

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the picture lies on it."""
        return self.box.holds(x, y)

    @property
    def apertures(self) -> tuple[float, float]:
        """Opening of the left and the right eye between the lids' middles, in eye widths."""
        return aperture(self.landmarks, 0), aperture(self.landmarks, 1)

    @property
    def shut(self) -> tuple[bool, bool]:
        """Whether the left and the right eye are closed."""
        left, right = (opening < SHUT_APERTURE for opening in self.apertures)
        return left, right

    @property
    def maybe_shut(self) -> tuple[bool, bool]:
        """Whether the left and the right eye are closed or may be so; a reason for advice, not for a refusal."""
        left, right = (
            opening < SHUT_APERTURE or (opening < NARROW_APERTURE and iris.hidden)
            for opening, iris in zip(self.apertures, self.irises, strict=True)
        )
        return left, right

    @property
    def eyes_hidden(self) -> bool:
        """Whether dark lenses or the dark hide the eyes."""
        step = np.mean([iris.step for iris in self.irises])
        return self.covering.dark_lenses or bool(self.covering.eye_light < DARK_EYES and step < UNSEEN_STEP)

    @property
    def drawn(self) -> bool:
        """Whether it is perhaps a flat drawing; not asked where something else makes it flat, nor of small faces."""
        if self.width < MIN_DRAWN_WIDTH or self.eyes_hidden or self.covering.mask or self.covering.colourless:
            return False
        return self.covering.flatness < FLAT and self.contour_error > DRAWN_CONTOUR

    @property
    def human(self) -> bool:
        """Whether a person's face was made out. False for animals and patterns that the detector takes for faces."""
        if self.presence < SURE_PRESENCE and self.confidence < HALF_SURE_CONFIDENCE:
            return False
        if self.presence < MIN_PRESENCE:
            return False
        return self.confidence >= SURE_CONFIDENCE or (self.nose_shade >= LIGHT_NOSE and not self._strange)

    @property
    def _strange(self) -> bool:
        """Whether the detector hardly knows it, although its eyes are clear and its nose is bare."""
        clear = np.mean([iris.step for iris in self.irises]) > CLEAR_STEP
        return bool(clear and self.confidence < STRANGE_CONFIDENCE and self.nose_shade < MASKED_NOSE)


def find(pixels: Picture) -> list[Face]:
    """Every human face in an upright picture (H, W, 3) uint8 sRGB, analysed, largest first.

    Where there is none: whatever else was taken for a face, so that `choose` can say what could not be seen.
    """
    shape = pixels.shape
    faces = _analysed(pixels, detect(pixels, overview(shape)) or detect(pixels, padded(shape)))
    faces = _with_those_in_squares(pixels, faces)
    persons = people(faces)
    if any(face.confidence >= SURE_CONFIDENCE for face in persons):
        return persons
    # A doubtful upright face is upside down when the detector is surer of that.
    surest = max((face.score for face in faces), default=0.0)
    return [face for face in _lying(pixels) if face.score > surest] or persons or _halved(pixels) or faces


def people(faces: Sequence[Face]) -> list[Face]:
    """The human ones among some faces; beside a surer face, a doubtful one is none."""
    found = [face for face in faces if face.human]
    surest = max((face.confidence for face in found), default=0.0)
    return [face for face in found if face.confidence >= min(MIN_GROUP_CONFIDENCE, surest)]


def widest(pixels: Picture) -> float:
    """Width in pixels of the largest face that the mesh is sure of, or of the largest person; 0 without either.

    Squares are looked at only where the whole picture shows no face, and whether it is a person's is not asked.
    """
    seen = detect(pixels, overview(pixels.shape))
    for detection in sorted(seen, key=lambda detection: -detection.region.side):
        mesh, presence, _ = face_mesh(pixels, detection.region)
        if presence >= SURE_PRESENCE:
            return _width(mesh)
    return max((face.width for face in find(pixels) if face.human), default=0.0)


def find_at(pixels: Picture, x: float, y: float) -> Face:
    """The face that a person points at, found or overlooked by `find`; x, y in pixels of the picture.

    Raises NoFace when nothing there looks like one.
    """
    here = _at(pixels, x, y)
    if not here:
        raise NoFace(NOTHING_HERE)
    return max(here, key=lambda face: (face.human, face.presence >= MIN_PRESENCE, face.confidence))


def requested(pixels: Picture, index: int | None, box: Box | None) -> Face:
    """The face to render: the one at `box`, else number `index`, else the only prominent one.

    box: as `Face.box` was for the person who chose it. The face is looked for there alone; all others are looked for
    only when it is not found there, or not as one that can be rendered.
    Raises what `choose` raises.
    """
    shape = pixels.shape
    if box is None:
        return choose(find(pixels), index, shape)
    there = _very(pixels, box) or _nearest(_at(pixels, *box.centre), box)
    if there and _accepted(there, shape):
        return there
    found = find(pixels)
    face = _nearest(found, box) or there
    return choose(found, index, shape) if face is None else choose([face], 0, shape)


def choose(faces: Sequence[Face], index: int | None, shape: tuple[int, ...]) -> Face:
    """The one face to render: number `index` of `faces`, or the only prominent one.

    shape: the picture's (H, W, …).
    Raises NoFace, SeveralFaces (details: index and box of each), FaceCut, FaceTurned, FaceUnclear,
    FaceTooSmall, EyesClosed, or BadRequest when there is no such index.
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
    if face.covering.mask:
        sentences.append("Something covers nose and mouth, so they will not look right. A photo of the bare face will.")
    if all(face.maybe_shut) and not face.covering.dark_lenses:
        sentences.append("The eyes may be closed. If they are, they will not look right; a photo with open eyes will.")
    elif face.eyes_hidden:
        sentences.append("The eyes are in the dark, perhaps behind sunglasses, so their gaze will hardly show.")
    elif any(face.maybe_shut):
        sentences.append("One eye is nearly closed, so its gaze may not look right.")
    if face.drawn:
        sentences.append("This may be a flat drawing. Eyes that are drawn may not look right when they move.")
    return tuple(sentences)


# ------------------------------------------------------------------- finding


def _with_those_in_squares(pixels: Picture, faces: Sequence[Face]) -> list[Face]:
    """`faces` and those that only squares of the picture show, largest first.

    A face that squares show again is taken from there if the detector was clearly surer of it.
    """
    found, settled = list(faces), [face for face in people(faces) if _settled(face, pixels.shape)]
    for detection in detect_closer(pixels, _least_rival(faces, pixels.shape)):
        known = [face for face in found if face.holds(detection.region.x, detection.region.y)]
        if detection.score < max([MIN_SQUARE_DETECTION, *(face.score + CLEARLY_SURER for face in known)]):
            continue
        if any(_covers(face, detection.region) for face in settled):
            continue
        face = _sure(pixels, detection)
        if face is None or not face.human:
            continue
        twins = [other for other in found if _same(face, other)]
        if all(face.score > twin.score + CLEARLY_SURER for twin in twins):
            found = [other for other in found if all(other is not twin for twin in twins)] + [face]
    return _each_once(found)


def _least_rival(faces: Sequence[Face], shape: tuple[int, ...]) -> float:
    """Width in pixels of the narrowest face that can be rendered and would be a rival to the widest of `faces`.

    0 while that one is doubtful or refused: a closer look may see it better.
    """
    persons = people(faces)
    if not persons or not _settled(persons[0], shape):
        return 0.0
    return max(MIN_WIDTH, persons[0].width / PROMINENCE)


def _settled(face: Face, shape: tuple[int, ...]) -> bool:
    """Whether a closer look can change nothing: a sure face that can be rendered."""
    return face.confidence >= SURE_CONFIDENCE and _accepted(face, shape)


def _covers(face: Face, region: Region) -> bool:
    """Whether a region is that of the face: around it, and not of a much smaller one in front of it."""
    return face.holds(region.x, region.y) and region.side > 0.5 * FACE_ROOM * face.width


def _each_once(faces: Sequence[Face]) -> list[Face]:
    """`faces` without those that repeat a surer one, largest first."""
    found: list[Face] = []
    for face in sorted(faces, key=lambda face: (not face.human, -face.score)):
        if not any(_same(face, surer) or _on_the_neck(face, surer) for surer in found):
            found.append(face)
    return sorted(found, key=lambda face: -face.width)


def _on_the_neck(face: Face, surer: Face) -> bool:
    """Whether a doubtful face is the chin or the neck of a surer one."""
    return face.score < NECK_SCORE * surer.score and face.box.overlap(surer.box) > NECK_OVERLAP


def _same(face: Face, other: Face) -> bool:
    """Whether two meshes lie on one face: by the distance of the points between their eyes."""
    apart = float(np.linalg.norm(face.eyes_middle - other.eyes_middle))
    narrow, wide = sorted((face.width, other.width))
    return apart < 0.75 * narrow or apart < 0.4 * wide


def _at(pixels: Picture, x: float, y: float) -> list[Face]:
    """Possible faces at a point: those detected around it, or else those of which the face mesh alone is sure."""
    regions = around(x, y, pixels.shape)
    seen = [detection for detection in detect(pixels, regions) if detection.holds(x, y)]
    faces = _analysed(pixels, seen or [Detection(0.0, region) for region in regions])
    return [face for face in faces if face.holds(x, y) and (seen or face.presence >= SURE_PRESENCE)]


def _very(pixels: Picture, box: Box) -> Face | None:
    """The face of which this is the very box, if the whole picture shows it."""
    seen = [each for each in detect(pixels, overview(pixels.shape)) if box.holds(each.region.x, each.region.y)]
    return _nearest(_analysed(pixels, seen), box, VERY_OVERLAP)


def _nearest(faces: Sequence[Face], box: Box, least: float = SAME_OVERLAP) -> Face | None:
    """The face that a box belongs to. least: intersection over union."""
    overlap, face = max(
        ((face.box.overlap(box), face) for face in faces), key=lambda pair: pair[0], default=(0.0, None)
    )
    return face if overlap >= least else None


def _lying(pixels: Picture) -> list[Face]:
    """Human faces on their side or upside down."""
    faces = _analysed(pixels, detect(pixels, turned(pixels.shape)))
    return _each_once([face for face in faces if face.human and abs(face.roll) > MAX_ROLL])


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
    return _face(pixels, detection.score, mesh, presence, region, confidence(pixels, region))


def _sure(pixels: Picture, detection: Detection) -> Face | None:
    """The face if mesh and detector are sure of it: what a square shows is often none, and eyes take the longest."""
    mesh, presence, region = face_mesh(pixels, detection.region)
    if presence < SURE_PRESENCE:
        return None
    seen = confidence(pixels, region)
    return _face(pixels, detection.score, mesh, presence, region, seen) if seen >= MIN_GROUP_CONFIDENCE else None


def _face(pixels: Picture, score: float, mesh: Points, presence: float, region: Region, seen: float) -> Face:
    """seen: the detector's confidence. region: the one around the mesh."""
    view, points = face_view(pixels, mesh, region)
    eyes = [eye_landmarks(pixels, mesh, region, eye) for eye in (0, 1)]
    landmarks = with_eyes(mesh, eyes)
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    return Face(
        box=Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
        score=score,
        presence=presence,
        landmarks=landmarks,
        iris_candidates=np.array([irises[:, 0] for _, irises in eyes]),
        confidence=seen,
        nose_shade=nose_shade(view, points),
        irises=(iris_view(pixels, landmarks, 0), iris_view(pixels, landmarks, 1)),
        covering=covering(view, points),
        contour_error=float(np.mean([contour_error(mesh, eye, eyes[eye][0]) for eye in (0, 1)])),
    )


def _width(landmarks: Points) -> float:
    return float(np.linalg.norm(landmarks[RIGHT_CHEEK] - landmarks[LEFT_CHEEK]))


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
    """Raise the error that fits best; cut and turned faces confuse the other measures, so they come first."""
    if face.presence >= MIN_PRESENCE:
        _demand_the_front(face, shape)
    if not face.human:
        raise FaceUnclear(MASKED if face.covering.mask else None)
    if face.width < MIN_WIDTH:
        raise FaceTooSmall(
            f"The face in this picture is only {face.width:.0f} pixels wide; it needs at least {MIN_WIDTH:.0f}. "
            "Please use a photo in which it is larger."
        )
    if all(face.shut):
        raise EyesClosed


def _accepted(face: Face, shape: tuple[int, ...]) -> bool:
    """Whether it can be rendered."""
    try:
        _check(face, shape)
    except RenderError:
        return False
    return True


def _demand_the_front(face: Face, shape: tuple[int, ...]) -> None:
    if _cut(face, shape):
        raise FaceCut
    if abs(face.roll) > MAX_ROLL:
        raise FaceTurned("The face lies on its side. Please turn the picture upright.")
    if abs(face.yaw) > MAX_YAW:
        raise FaceTurned


def _cut(face: Face, shape: tuple[int, ...]) -> bool:
    """Whether the silhouette leaves the picture."""
    oval = face.landmarks[list(OVAL), :2]
    overhang = max(-oval.min(), *(oval.max(axis=0) - (shape[1], shape[0])))
    return bool(overhang > CUT_TOLERANCE * face.width)
