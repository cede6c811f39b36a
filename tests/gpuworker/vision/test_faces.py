"""Faces found, landmarks placed, and every unusable picture refused with its own error."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from gpuworker import errors
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
from gpuworker.images import photo
from gpuworker.vision import face_detection, faces, topology
from gpuworker.vision.covering import Covering
from gpuworker.vision.face_detection import Detection, detect, detect_closer, overview
from gpuworker.vision.faces import Face
from gpuworker.vision.landmarks import IrisView
from gpuworker.vision.region import Picture, Region
from tests.bench.variants import VARIANTS, in_a_mask, in_sunglasses, shut
from tests.gpuworker.pictures import chosen, resized
from tests.gpuworker.variants import grey, tilted

LEFT, RIGHT = 0, 1
CLEAR, BLURRED = IrisView(step=0.7), IrisView(step=0.6)


def turned(pixels: Picture, degrees: float) -> Picture:
    """Turned anticlockwise around the astronaut's nose."""
    height, width = pixels.shape[:2]
    around = cv2.getRotationMatrix2D((224, 131), degrees, 1)
    return cv2.warpAffine(pixels, around, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def with_yaw(face: Face, degrees: float) -> Face:
    """The same landmarks turned in space around the vertical axis through the nose."""
    angle = np.radians(degrees - face.yaw)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    nose = face.landmarks[1]
    return dataclasses.replace(face, landmarks=(face.landmarks - nose) @ turn.T + nose)


# ------------------------------------------------------------------- analysis


def test_each_portrait_is_accepted(other_face: Picture) -> None:
    (face,) = faces.find(other_face)
    assert faces.choose([face], None, other_face.shape) is face
    assert face.presence > 0.99
    assert face.score > 0.9
    assert face.confidence > faces.SURE_CONFIDENCE
    assert min(face.apertures) > 0.2
    assert not any(face.maybe_shut)


def test_the_astronaut_is_found_where_she_is(astronaut: Picture) -> None:
    (face,) = faces.find(astronaut)
    assert face.width == pytest.approx(93, abs=2)
    assert face.height == pytest.approx(109, abs=3)
    assert face.yaw == pytest.approx(0, abs=3)
    assert face.roll == pytest.approx(3.5, abs=1.5)
    assert face.apertures == pytest.approx((0.34, 0.32), abs=0.04)
    assert face.landmarks.shape == (478, 3)
    assert face.iris_candidates.shape == (2, 3, 2)
    assert face.box.x == pytest.approx(178, abs=4)
    assert face.box.y == pytest.approx(70, abs=4)
    assert faces.advice(face) == ()


@pytest.mark.parametrize("degrees", [-30, 15, 30])
def test_roll_follows_the_picture(astronaut: Picture, face: Face, degrees: float) -> None:
    other = chosen(turned(astronaut, degrees))
    assert other.roll == pytest.approx(face.roll - degrees, abs=2)
    assert other.apertures == pytest.approx(face.apertures, abs=0.03)


def test_yaw_is_positive_when_turned_to_the_viewers_right(portraits_dir: Path) -> None:
    pixels = photo.read((portraits_dir / "la_velata.jpg").read_bytes()).pixels
    to_the_left = chosen(pixels)
    to_the_right = chosen(np.ascontiguousarray(pixels[:, ::-1]))
    assert to_the_left.yaw == pytest.approx(-22, abs=3)
    assert to_the_right.yaw == pytest.approx(22, abs=3)
    assert to_the_left.landmarks[1, 0] < to_the_left.landmarks[[234, 454], 0].mean()


def test_a_face_that_fills_the_picture_is_found(astronaut: Picture) -> None:
    assert chosen(np.ascontiguousarray(astronaut[69:178, 178:274])).width == pytest.approx(92, abs=4)


# ------------------------------------------------------------------- refusals


def test_a_cat_is_no_person(portraits_dir: Path) -> None:
    pixels = photo.read((portraits_dir / "cat_no_human_face.jpg").read_bytes()).pixels
    with pytest.raises(FaceUnclear):
        chosen(pixels)


@pytest.mark.parametrize(
    ("changes", "human"),
    [
        ({"presence": 0.49, "confidence": 0.95}, False),
        ({"presence": 0.94, "confidence": 0.79}, False),
        ({"presence": 0.94, "confidence": 0.81, "nose_shade": 0.46}, True),
        ({"presence": 0.94, "confidence": 0.81, "nose_shade": 0.44}, False),
        ({"presence": 0.96, "confidence": 0.83, "nose_shade": 0.44}, False),
        ({"presence": 0.96, "confidence": 0.83, "nose_shade": 0.46}, True),
        ({"presence": 0.96, "confidence": 0.85, "nose_shade": 0.44}, True),
        ({"presence": 1.0, "score": 0.4}, True),
        ({"confidence": 0.77, "nose_shade": 0.92, "irises": (CLEAR, CLEAR)}, False),
        ({"confidence": 0.79, "nose_shade": 0.92, "irises": (CLEAR, CLEAR)}, True),
        ({"confidence": 0.77, "nose_shade": 0.94, "irises": (CLEAR, CLEAR)}, True),
        ({"confidence": 0.50, "nose_shade": 0.92, "irises": (BLURRED, BLURRED)}, True),
    ],
)
def test_what_counts_as_human(face: Face, changes: dict[str, object], human: bool) -> None:
    other = dataclasses.replace(face, **changes)  # type: ignore[arg-type]
    assert other.human is human
    if human:
        assert faces.choose([other], None, (512, 512, 3)) is other
    else:
        with pytest.raises(FaceUnclear):
            faces.choose([other], None, (512, 512, 3))


@pytest.mark.parametrize("name", VARIANTS)
def test_nobody_is_refused_for_skin_irises_or_what_a_file_has_gone_through(
    astronaut: Picture, face: Face, name: str
) -> None:
    large = resized(astronaut, 2)
    other = chosen(np.ascontiguousarray(VARIANTS[name](large, [chosen(large)])))
    assert other.human
    assert not any(other.maybe_shut)


def test_a_turned_face_hears_that_it_is_turned_even_when_it_is_unclear(face: Face) -> None:
    other = dataclasses.replace(with_yaw(face, 40), presence=0.6, confidence=0.5)
    with pytest.raises(FaceTurned):
        faces.choose([other], None, (512, 512, 3))


def test_no_sentence_tells_anybody_not_to_be_human() -> None:
    for error in errors.BY_CODE.values():
        assert "human" not in error.sentence_default
        assert "human" not in error.code


@pytest.mark.parametrize("size", [(600, 800), (1, 1), (1, 3000), (3000, 2)])
def test_a_blank_wall_shows_no_face(size: tuple[int, int]) -> None:
    wall = np.full((*size, 3), (196, 188, 170), np.uint8)
    wall += np.linspace(0, 40, size[1]).astype(np.uint8)[None, :, None]
    with pytest.raises(NoFace, match="12% as wide"):
        chosen(wall)


@pytest.mark.parametrize("name", ["coffee", "brick", "gravel", "rocket", "clock", "page"])
def test_pictures_without_a_face_are_refused(name: str) -> None:
    pixels = getattr(skimage.data, name)()
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    with pytest.raises((NoFace, FaceUnclear)):
        chosen(np.ascontiguousarray(pixels[..., :3]).astype(np.uint8))


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("close", [True, False])
def test_people_side_by_side_are_listed_for_a_choice(astronaut: Picture, count: int, close: bool) -> None:
    one = astronaut[:340, 60:400] if close else astronaut
    pixels = np.ascontiguousarray(np.hstack([one] * count))
    with pytest.raises(SeveralFaces) as caught:
        chosen(pixels)
    listed = caught.value.details["faces"]
    assert [each["index"] for each in listed] == list(range(count))
    centres = sorted(each["box"]["x"] + each["box"]["width"] / 2 for each in listed)
    np.testing.assert_allclose(np.diff(centres), one.shape[1], atol=5)
    assert all(each["box"]["width"] == pytest.approx(94, abs=5) for each in listed)
    assert chosen(pixels, count - 1).width == pytest.approx(93, abs=4)


def test_people_above_each_other_are_several_too(astronaut: Picture) -> None:
    with pytest.raises(SeveralFaces):
        chosen(np.vstack([astronaut, astronaut]))


def test_a_choice_that_does_not_exist_is_a_bad_request(face: Face) -> None:
    with pytest.raises(BadRequest, match="number 1"):
        faces.choose([face], 1, (512, 512, 3))


@pytest.mark.parametrize(("scale", "alone"), [(0.3, True), (0.5, False)])
def test_a_much_smaller_face_is_background(face: Face, scale: float, alone: bool) -> None:
    small = dataclasses.replace(face, landmarks=face.landmarks * scale)
    if alone:
        assert faces.choose([face, small], None, (512, 512, 3)) is face
    else:
        with pytest.raises(SeveralFaces):
            faces.choose([face, small], None, (512, 512, 3))


def test_an_animal_beside_a_person_is_no_rival(face: Face) -> None:
    animal = dataclasses.replace(face, presence=0.1)
    assert faces.choose([animal, face], None, (512, 512, 3)) is face


def test_a_small_face_is_refused_with_the_width_found_and_needed(astronaut: Picture) -> None:
    with pytest.raises(FaceTooSmall, match=r"only (39|40) pixels wide; it needs at least 50"):
        chosen(resized(astronaut, 40 / 93))


def test_a_smallish_face_is_accepted_with_advice(astronaut: Picture) -> None:
    (sentence,) = faces.advice(chosen(resized(astronaut, 65 / 93)))
    assert "pixels wide" in sentence


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("share", [0.12, 0.25, 0.4, 0.5])
def test_a_face_cut_by_the_edge_is_refused(astronaut: Picture, face: Face, side: str, share: float) -> None:
    box = face.box
    cut = {
        "left": np.s_[:, round(box.x + share * box.width) :],
        "right": np.s_[:, : round(box.x + (1 - share) * box.width)],
        "top": np.s_[round(box.y + share * box.height) :],
        "bottom": np.s_[: round(box.y + (1 - share) * box.height)],
    }[side]
    with pytest.raises(FaceCut):
        chosen(np.ascontiguousarray(astronaut[cut]))


def test_a_close_up_of_the_features_is_a_cut_face(astronaut: Picture) -> None:
    with pytest.raises(FaceCut):
        chosen(np.ascontiguousarray(astronaut[97:180, 207:248]))


@pytest.mark.parametrize(("degrees", "turned_away"), [(30, False), (-30, False), (37, True), (-37, True)])
def test_a_face_turned_away_is_refused(face: Face, degrees: float, turned_away: bool) -> None:
    other = with_yaw(face, degrees)
    assert other.yaw == pytest.approx(degrees, abs=0.1)
    if turned_away:
        with pytest.raises(FaceTurned):
            faces.choose([other], None, (512, 512, 3))
    else:
        assert faces.choose([other], None, (512, 512, 3)) is other
        assert any("turned to the side" in sentence for sentence in faces.advice(other))


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_picture_on_its_side_is_refused_as_such(astronaut: Picture, quarter: int) -> None:
    with pytest.raises(FaceTurned, match="upright"):
        chosen(np.ascontiguousarray(np.rot90(astronaut, quarter)))


def test_a_tilted_head_is_accepted_with_advice(astronaut: Picture) -> None:
    (sentence,) = faces.advice(chosen(turned(astronaut, 35)))
    assert "tilted" in sentence


def test_closed_eyes_are_refused(astronaut: Picture, face: Face) -> None:
    with pytest.raises(EyesClosed):
        chosen(shut(astronaut, face))


@pytest.mark.parametrize("name", ["bouguereau_child", "la_velata", "lady_agnew", "mona_lisa"])
def test_closed_eyes_are_never_silent(portraits_dir: Path, name: str) -> None:
    portrait = photo.read((portraits_dir / f"{name}.jpg").read_bytes()).pixels
    try:
        face = chosen(shut(portrait, chosen(portrait)))
    except EyesClosed:
        return
    assert any("closed" in sentence for sentence in faces.advice(face))


def with_opening(face: Face, opening: float) -> Face:
    """Both eyes as far open, in eye widths."""
    landmarks = face.landmarks.copy()
    for eye in (LEFT, RIGHT):
        lids = [*topology.UPPER_LIDS[eye], *topology.LOWER_LIDS[eye]]
        middle = landmarks[lids, 1].mean()
        landmarks[lids, 1] = middle + (landmarks[lids, 1] - middle) * opening / face.apertures[eye]
    return dataclasses.replace(face, landmarks=landmarks)


HIDDEN = IrisView(shade=0.9, uprightness=0.3, step=0.05)
LIGHT = IrisView(shade=0.95, uprightness=0.8, step=0.05)
BEHIND_GLASS = IrisView(shade=0.8, uprightness=0.3, step=0.3)


@pytest.mark.parametrize(
    ("opening", "iris", "shut", "maybe"),
    [
        (0.11, IrisView(), True, True),
        (0.15, HIDDEN, False, True),
        (0.15, LIGHT, False, False),
        (0.15, BEHIND_GLASS, False, False),
        (0.29, HIDDEN, False, False),
    ],
)
def test_eyes_are_closed_by_shape_and_doubtful_by_edges_never_by_brightness(
    face: Face, opening: float, iris: IrisView, shut: bool, maybe: bool
) -> None:
    other = dataclasses.replace(with_opening(face, opening), irises=(iris, iris))
    assert other.apertures == pytest.approx((opening, opening), abs=0.01)
    assert other.shut == (shut, shut)
    assert other.maybe_shut == (maybe, maybe)


def test_eyes_that_may_be_closed_are_accepted_with_advice(face: Face) -> None:
    other = dataclasses.replace(with_opening(face, 0.15), irises=(HIDDEN, HIDDEN))
    assert faces.choose([other], None, (512, 512, 3)) is other
    (sentence,) = faces.advice(other)
    assert "eyes may be closed" in sentence


@pytest.mark.parametrize("eye", [LEFT, RIGHT])
def test_one_closed_eye_is_accepted_with_advice(astronaut: Picture, face: Face, eye: int) -> None:
    other = chosen(shut(astronaut, face, [eye]))
    assert other.maybe_shut == (eye == LEFT, eye == RIGHT)
    (sentence,) = faces.advice(other)
    assert "One eye is nearly closed" in sentence


def test_every_refusal_is_permanent(astronaut: Picture) -> None:
    with pytest.raises(RenderError) as caught:
        chosen(resized(astronaut, 0.4))
    assert caught.value.permanent


def test_a_person_far_away_is_found_from_closer_by(astronaut: NDArray[np.uint8]) -> None:
    far = np.pad(astronaut, ((300, 688), (500, 688), (0, 0)), mode="edge")
    assert len(overview(far.shape)) == 1  # no closer look at first
    face = faces.choose(faces.find(far), None, far.shape)
    assert face.width == pytest.approx(93, rel=0.05)
    assert face.box.x > 500


@pytest.mark.parametrize(
    "name", ["brick", "grass", "gravel", "coffee", "rocket", "moon", "hubble_deep_field", "chelsea"]
)
def test_a_closer_look_invents_nobody(name: str) -> None:
    picture = np.asarray(Image.fromarray(getattr(skimage.data, name)()).convert("RGB"))
    assert [face for face in faces.find(np.ascontiguousarray(picture)) if face.human] == []


# -------------------------------------------------------------------- advice


def advice_on(pixels: Picture) -> str:
    return " ".join(faces.advice(chosen(pixels)))


@pytest.mark.parametrize("colour", [(196, 218, 232), (40, 44, 52), (240, 240, 240), (120, 120, 180)])
def test_a_masked_person_is_let_in_with_advice(astronaut: Picture, colour: tuple[int, int, int]) -> None:
    large = resized(astronaut, 2)
    assert "covers nose and mouth" in advice_on(in_a_mask(large, chosen(large), colour))


def test_an_unclear_face_behind_a_mask_hears_what_could_not_be_seen(face: Face) -> None:
    masked = Covering(lower_colour=20, nose_colour=20, lips_red=0)
    with pytest.raises(FaceUnclear, match="could not see nose and mouth"):
        faces.choose([dataclasses.replace(face, presence=0.4, covering=masked)], 0, (512, 512, 3))


def test_sunglasses_are_let_in_with_advice(astronaut: Picture) -> None:
    large = resized(astronaut, 2)
    assert "sunglasses" in advice_on(in_sunglasses(large, chosen(large)))


FLAT = Covering(flatness=0.05)


@pytest.mark.parametrize(
    ("width", "covering", "advised"),
    [
        (120, FLAT, True),
        (90, FLAT, False),
        (120, dataclasses.replace(FLAT, eye_light=0.1), False),
        (120, dataclasses.replace(FLAT, skin_colour=0.5), False),
    ],
    ids=["large", "small", "sunglasses", "black-and-white"],
)
def test_a_flat_drawing_is_let_in_with_advice(face: Face, width: float, covering: Covering, advised: bool) -> None:
    landmarks = face.landmarks * width / face.width
    drawn = dataclasses.replace(face, landmarks=landmarks, covering=covering, contour_error=0.12)
    assert any("drawing" in sentence for sentence in faces.advice(drawn)) == advised


@pytest.mark.parametrize("cover", [in_a_mask, in_sunglasses])
def test_a_covered_face_in_a_black_and_white_photo_is_no_drawing(
    astronaut: Picture, cover: Callable[[Picture, Face], Picture]
) -> None:
    large = resized(astronaut, 2)
    face = chosen(grey(cover(large, chosen(large))))
    assert face.covering.colourless
    assert not face.drawn


@pytest.mark.parametrize("name", VARIANTS)
def test_a_bare_face_hears_nothing_of_masks_glasses_or_drawings(astronaut: Picture, name: str) -> None:
    large = resized(astronaut, 2)
    advice = advice_on(np.ascontiguousarray(VARIANTS[name](large, [chosen(large)])))
    assert not any(word in advice for word in ("covers", "sunglasses", "drawing", "closed"))


# -------------------------------------------------------------------- groups


def montage(astronaut: Picture, places: Sequence[tuple[int, int, float]], size: tuple[int, int]) -> Picture:
    """The astronaut's head at each x, y (its middle) and scale, on a plain wall."""
    wall = np.full((size[1], size[0], 3), (150, 146, 140), np.uint8)
    for x, y, scale in places:
        head = resized(np.ascontiguousarray(astronaut[20:240, 120:330]), scale)
        top, left = y - head.shape[0] // 2, x - head.shape[1] // 2
        wall[top : top + head.shape[0], left : left + head.shape[1]] = head
    return wall


def test_everybody_in_a_group_is_found_even_those_the_whole_picture_does_not_show(astronaut: Picture) -> None:
    pixels = montage(astronaut, [(400, 420, 1.6), (1250, 500, 0.9), (1650, 850, 0.75)], (1900, 1100))
    assert len(detect(pixels, overview(pixels.shape))) < 3
    found = faces.find(pixels)
    assert [round(face.box.x + face.box.width / 2, -2) for face in found] == [400, 1300, 1700]
    with pytest.raises(SeveralFaces):
        faces.choose(found, None, pixels.shape)


@pytest.mark.parametrize("scale", [0.65, 0.9])
def test_everybody_in_a_group_far_away_is_found_in_a_large_picture(astronaut: Picture, scale: float) -> None:
    people = [(300, 1200, scale), (1400, 1500, scale), (2700, 1300, scale), (3700, 1400, scale)]
    found = faces.find(montage(astronaut, people, (4000, 3000)))
    assert sorted(round(face.box.x + face.box.width / 2, -2) for face in found) == [300, 1400, 2700, 3700]


def test_a_face_seen_again_in_a_square_is_one_and_from_where_it_was_surest(astronaut: Picture) -> None:
    pixels = montage(astronaut, [(400, 400, 1.0), (900, 420, 1.0)], (1300, 800))
    whole = {round(d.region.x, -2): d.score for d in detect(pixels, overview(pixels.shape))}
    found = faces.find(pixels)
    assert len(found) == 2
    assert all(face.score > whole.get(round(face.box.x + face.box.width / 2, -2), 0.0) - 0.05 for face in found)


def test_a_neck_taken_for_a_face_is_no_second_person(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    (head,) = detect(astronaut, overview(astronaut.shape))
    lower = dataclasses.replace(head.region, y=head.region.y + 0.25 * head.region.side)
    monkeypatch.setattr(faces, "detect", lambda pixels, regions: [head, Detection(0.6, lower)])
    monkeypatch.setattr(faces, "detect_closer", lambda *_: [])
    (found,) = faces.find(astronaut)
    assert found.holds(*face.eyes_middle)


@pytest.mark.parametrize(
    ("right", "down", "score", "count"), [(0.2, 0.3, 0.94, 1), (0.2, 1.0, 0.6, 1), (0.95, 0, 0.9, 2), (1.1, 0, 0.6, 2)]
)
def test_a_face_on_a_surer_one_is_dropped_and_a_neighbour_is_kept(
    face: Face, right: float, down: float, score: float, count: int
) -> None:
    move = np.array([right * face.width, down * face.width, 0])
    box = dataclasses.replace(face.box, x=face.box.x + move[0], y=face.box.y + move[1])
    other = dataclasses.replace(face, landmarks=face.landmarks + move, box=box, score=score)
    assert len(faces._each_once([other, dataclasses.replace(face, score=0.95)])) == count


def test_a_turned_portrait_shows_one_person(portraits_dir: Path) -> None:
    pixels = photo.read((portraits_dir / "la_velata.jpg").read_bytes()).pixels
    small = resized(pixels, 900 / max(pixels.shape))
    assert len(faces.find(tilted(small, -25))) == 1


def test_beside_a_surer_face_a_doubtful_one_is_none(face: Face) -> None:
    hand = dataclasses.replace(face, confidence=0.65)
    assert faces.people([face, hand]) == [face]
    assert faces.people([hand]) == [hand]


def test_squares_are_read_from_one_small_copy_and_placed_in_the_picture(
    astronaut: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = montage(astronaut, [(900, 1500, 4.0)], (1800, 2600))
    sizes = set()
    monkeypatch.setattr(
        Region,
        "_surroundings",
        lambda self, picture, n, real=Region._surroundings: (sizes.add(picture.shape[:2]), real(self, picture, n))[1],
    )
    found = detect_closer(pixels)
    assert sizes == {(round(2600 * 197 / (1800 / 4.2)), round(1800 * 197 / (1800 / 4.2)))}
    assert any(math.dist((each.region.x, each.region.y), (896, 1510)) < 60 for each in found)


# ---------------------------------------------------------------------- cost


def shown_regions(pixels: Picture, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many regions the detector is shown while faces are looked for."""
    shown = []
    real = face_detection._detect_in
    monkeypatch.setattr(face_detection, "_detect_in", lambda *each: (shown.append(each), real(*each))[1])
    faces.find(pixels)
    return len(shown)


@pytest.mark.parametrize(("down", "across", "most"), [((30, 210), (130, 310), 1), ((0, 512), (0, 512), 5)])
def test_beside_a_large_face_no_squares_are_looked_at_that_can_show_no_rival(
    astronaut: Picture, monkeypatch: pytest.MonkeyPatch, down: tuple[int, int], across: tuple[int, int], most: int
) -> None:
    monkeypatch.setattr(faces, "confidence", lambda *_: 0.9)  # which shows the detector the face alone
    pixels = np.ascontiguousarray(astronaut[slice(*down), slice(*across)])
    assert shown_regions(resized(pixels, 512 / len(pixels)), monkeypatch) == most


def test_a_face_in_doubt_is_looked_at_in_every_square(face: Face) -> None:
    shape = (512, 512, 3)
    assert faces._least_rival([face], shape) == faces.MIN_WIDTH
    assert faces._least_rival([], shape) == 0
    assert faces._least_rival([dataclasses.replace(face, confidence=0.8)], shape) == 0
    assert faces._least_rival([with_opening(face, 0.05)], shape) == 0


def test_a_face_that_can_be_rendered_is_not_analysed_again(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    (seen,) = detect(astronaut, overview(astronaut.shape))
    smaller = dataclasses.replace(seen.region, side=0.3 * seen.region.side)
    looked_at: list[Region] = []
    monkeypatch.setattr(faces, "detect_closer", lambda *_: [Detection(1.0, seen.region), Detection(1.0, smaller)])
    monkeypatch.setattr(faces, "_sure", lambda _, detection: looked_at.append(detection.region))
    (found,) = faces.find(astronaut)
    assert found.box == face.box
    assert looked_at == [smaller]  # perhaps a child in front of her


def test_a_doubtful_face_is_analysed_again_where_a_square_shows_it_better(
    astronaut: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (seen,) = detect(astronaut, overview(astronaut.shape))
    monkeypatch.setattr(faces, "detect", lambda *_: [dataclasses.replace(seen, score=0.6)])
    monkeypatch.setattr(faces, "detect_closer", lambda *_: [seen])
    monkeypatch.setattr(faces, "confidence", lambda *_: faces.SURE_CONFIDENCE - 0.01)
    assert [face.score for face in faces.find(astronaut)] == [seen.score]


@pytest.mark.parametrize(("presence", "confidence"), [(0.9, 1.0), (1.0, 0.69)])
def test_what_a_square_shows_is_dropped_before_its_eyes_are_looked_at(
    astronaut: Picture, monkeypatch: pytest.MonkeyPatch, presence: float, confidence: float
) -> None:
    (seen,) = detect(astronaut, overview(astronaut.shape))
    mesh, _, region = faces.face_mesh(astronaut, seen.region)
    assert faces._sure(astronaut, seen) is not None
    monkeypatch.setattr(faces, "face_mesh", lambda *_: (mesh, presence, region))
    monkeypatch.setattr(faces, "confidence", lambda *_: confidence)
    monkeypatch.setattr(faces, "eye_landmarks", lambda *_: pytest.fail("its eyes were looked at"))
    assert faces._sure(astronaut, seen) is None


def test_the_widest_face_is_measured_without_a_closer_look(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = montage(astronaut, [(300, 1200, 0.65), (3700, 1400, 0.65)], (4000, 3000))
    assert faces.widest(far) == pytest.approx(0.65 * face.width, rel=0.1)
    assert faces.widest(np.full((200, 200, 3), 90, np.uint8)) == 0
    monkeypatch.setattr(faces, "find", lambda _: pytest.fail("all faces were looked for"))
    assert faces.widest(astronaut) == pytest.approx(face.width, rel=0.02)


def test_the_widest_of_several_faces_is_measured(astronaut: Picture, face: Face) -> None:
    smaller = np.zeros((512, 400, 3), np.uint8)
    smaller[:400] = resized(astronaut, 400 / 512)
    for row in ([astronaut, smaller], [smaller, astronaut]):
        pixels = np.hstack(row)
        assert len(detect(pixels, overview(pixels.shape))) == 2
        assert faces.widest(pixels) == pytest.approx(face.width, rel=0.05)


def test_what_the_mesh_does_not_take_for_a_face_is_not_the_widest(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    (seen,) = detect(astronaut, overview(astronaut.shape))
    no_face = Detection(1.0, Region(100, 400, 200))
    monkeypatch.setattr(faces, "detect", lambda *_: [seen, no_face])
    assert faces.widest(astronaut) == pytest.approx(face.width, rel=0.02)


# ------------------------------------------------------------------ pointing


def test_a_face_that_is_pointed_at_is_found(astronaut: Picture, face: Face) -> None:
    assert faces.find_at(astronaut, 215, 110).box.x == pytest.approx(face.box.x, abs=4)


def test_an_overlooked_face_is_found_when_it_is_pointed_at(astronaut: Picture) -> None:
    pixels = montage(astronaut, [(300, 300, 0.6), (1700, 900, 0.6)], (2000, 1200))
    assert faces.find_at(pixels, 1700, 890).box.x == pytest.approx(1670, abs=25)


@pytest.mark.parametrize("at", [(480, 480), (20, 20)])
def test_where_no_face_is_nothing_is_made_up(astronaut: Picture, at: tuple[int, int]) -> None:
    with pytest.raises(NoFace, match="there"):
        faces.find_at(astronaut, *at)


def test_pointing_at_a_cat_makes_no_person_of_it() -> None:
    pixels = skimage.data.chelsea()
    for y in np.linspace(0.2, 0.8, 4) * pixels.shape[0]:
        for x in np.linspace(0.2, 0.8, 4) * pixels.shape[1]:
            try:
                cat = faces.find_at(pixels, x, y)
            except NoFace:
                continue
            assert not cat.human


def test_the_box_decides_which_face_is_rendered_before_the_index_does(astronaut: Picture) -> None:
    pixels = montage(astronaut, [(300, 300, 1.4), (900, 320, 1.0)], (1300, 700))
    large, small = faces.find(pixels)
    assert faces.requested(pixels, 0, small.box).box == small.box
    assert faces.requested(pixels, 1, large.box).box == large.box
    assert faces.requested(pixels, 1, None).box == small.box


@pytest.mark.parametrize(
    ("places", "size"),
    [([(400, 420, 1.6)], (1000, 900)), ([(400, 420, 1.6), (1250, 500, 0.9), (1650, 850, 0.75)], (1900, 1100))],
)
def test_a_face_is_found_at_its_box_without_looking_for_others(
    astronaut: Picture, monkeypatch: pytest.MonkeyPatch, places: Sequence[tuple[int, int, float]], size: tuple[int, int]
) -> None:
    pixels = montage(astronaut, places, size)
    found = faces.find(pixels)
    assert len(found) == len(places)
    monkeypatch.setattr(faces, "find", lambda _: pytest.fail("all faces were looked for"))
    for each in found:
        again = faces.requested(pixels, None, each.box)
        assert again.box.overlap(each.box) > 0.8


def test_a_face_that_looks_worse_at_its_box_is_looked_for_as_it_was_found(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "_very", lambda *_: with_opening(face, 0.05))
    monkeypatch.setattr(faces, "find", lambda _: [face])
    assert faces.requested(astronaut, None, face.box) is face


def test_a_face_that_only_its_box_shows_is_refused_for_its_own_reason(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "_very", lambda *_: with_opening(face, 0.05))
    monkeypatch.setattr(faces, "find", lambda _: [])
    with pytest.raises(EyesClosed):
        faces.requested(astronaut, None, face.box)


def test_a_face_is_taken_from_the_whole_picture_only_where_its_box_was_from_there(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = dataclasses.replace(face.box, x=face.box.x + 0.05 * face.box.width)
    aside = dataclasses.replace(face, box=box)
    monkeypatch.setattr(faces, "_at", lambda *_: [aside])
    assert faces.requested(astronaut, None, box) is aside


def test_a_face_that_was_pointed_at_is_found_again_from_its_box(
    astronaut: Picture, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "find", lambda _: [])
    again = faces.requested(astronaut, 3, face.box)
    assert again.box.x == pytest.approx(face.box.x, abs=2)
    with pytest.raises(NoFace):
        faces.requested(astronaut, 0, Box(400, 400, 90, 100))
