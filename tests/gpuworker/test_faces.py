"""Faces found, landmarks placed, and every unusable picture refused with its own error."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from gpuworker import faces, photo, topology
from gpuworker.errors import (
    BadRequest,
    EyesClosed,
    FaceCut,
    FaceTooSmall,
    FaceTurned,
    NoFace,
    NotHuman,
    RenderError,
    SeveralFaces,
)
from gpuworker.face_detection import overview
from gpuworker.faces import Face
from gpuworker.region import Picture
from tests.gpuworker.pictures import chosen, resized

LEFT, RIGHT = 0, 1


def turned(pixels: Picture, degrees: float) -> Picture:
    """Turned anticlockwise around the astronaut's nose."""
    height, width = pixels.shape[:2]
    around = cv2.getRotationMatrix2D((224, 131), degrees, 1)
    return cv2.warpAffine(pixels, around, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def painted_shut(pixels: Picture, face: Face, eyes: Sequence[int] = (LEFT, RIGHT)) -> Picture:
    """Skin over each eye's opening, and a lash line along its lower lid."""
    down = np.array([0, 1])
    for eye in eyes:
        contour = face.landmarks[list(topology.LID_CONTOURS[eye]), :2]
        width = float(np.ptp(contour[:, 0]))
        opening = np.vstack([contour[:9] + 0.06 * width * down, contour[9:] - 0.1 * width * down])
        lashes = np.percentile(pixels[_around(contour)].reshape(-1, 3), 2, axis=0).tolist()
        mask = np.zeros(pixels.shape[:2], np.uint8)
        cv2.fillPoly(mask, [cv2.convexHull(np.round(opening * 16).astype(np.int32))], 255, shift=4)
        mask = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=max(1, round(width / 20))).astype(np.uint8)
        pixels = cv2.inpaint(pixels, mask, 3, cv2.INPAINT_TELEA).astype(np.uint8)
        line = np.round((contour[:9] - 0.5) * 16).astype(np.int32)
        cv2.polylines(pixels, [line], False, lashes, max(1, round(width / 20)), cv2.LINE_AA, 4)
    return pixels


def _around(points: NDArray[np.float64]) -> tuple[slice, slice]:
    (left, top), (right, bottom) = points.min(axis=0).astype(int), np.ceil(points.max(axis=0)).astype(int)
    return slice(top, bottom), slice(left, right)


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
    assert face.contour_error < 0.07
    assert min(face.apertures) > 0.2
    assert max(face.iris_shade) < 0.6


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


def test_a_cat_is_not_human(portraits_dir: Path) -> None:
    pixels = photo.read((portraits_dir / "cat_no_human_face.jpg").read_bytes()).pixels
    with pytest.raises(NotHuman):
        chosen(pixels)


@pytest.mark.parametrize(
    ("changes", "human"),
    [
        ({"presence": 0.49}, False),
        ({"presence": 0.51}, True),
        ({"score": 0.85, "contour_error": 0.1}, False),
        ({"score": 0.87, "contour_error": 0.1}, True),
        ({"score": 0.5, "contour_error": 0.08}, True),
    ],
)
def test_what_counts_as_human(face: Face, changes: dict[str, float], human: bool) -> None:
    other = dataclasses.replace(face, **changes)  # type: ignore[arg-type]
    assert other.human is human
    if human:
        assert faces.choose([other], None, (512, 512, 3)) is other
    else:
        with pytest.raises(NotHuman):
            faces.choose([other], None, (512, 512, 3))


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
    with pytest.raises((NoFace, NotHuman)):
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
        chosen(painted_shut(astronaut, face))


def test_closed_eyes_are_refused_in_every_portrait(portrait: Picture) -> None:
    with pytest.raises(EyesClosed):
        chosen(painted_shut(portrait, chosen(portrait)))


@pytest.mark.parametrize(
    ("opening", "shade", "shut"),
    [(0.10, 0.3, True), (0.14, 0.6, False), (0.25, 0.7, True), (0.25, 0.6, False), (0.30, 0.9, False)],
)
def test_a_narrow_eye_is_open_while_its_iris_shows(face: Face, opening: float, shade: float, shut: bool) -> None:
    landmarks = face.landmarks.copy()
    for eye in (LEFT, RIGHT):
        lids = [*topology.UPPER_LIDS[eye], *topology.LOWER_LIDS[eye]]
        middle = landmarks[lids, 1].mean()
        landmarks[lids, 1] = middle + (landmarks[lids, 1] - middle) * opening / face.apertures[eye]
    other = dataclasses.replace(face, landmarks=landmarks, iris_shade=(shade, shade))
    assert other.apertures == pytest.approx((opening, opening), abs=0.01)
    assert other.shut == (shut, shut)


@pytest.mark.parametrize("eye", [LEFT, RIGHT])
def test_one_closed_eye_is_accepted_with_advice(astronaut: Picture, face: Face, eye: int) -> None:
    other = chosen(painted_shut(astronaut, face, [eye]))
    assert other.shut == (eye == LEFT, eye == RIGHT)
    (sentence,) = faces.advice(other)
    assert "One eye is nearly closed" in sentence


def test_every_refusal_is_permanent(astronaut: Picture) -> None:
    with pytest.raises(RenderError) as caught:
        chosen(resized(astronaut, 0.4))
    assert caught.value.permanent


def test_a_person_far_away_is_found_from_closer_by(astronaut: NDArray[np.uint8]) -> None:
    far = np.pad(astronaut, ((300, 688), (500, 688), (0, 0)), mode="edge")
    assert len(overview(far.shape)) == 1  # nobody looks closer at first
    face = faces.choose(faces.find(far), None, far.shape)
    assert face.width == pytest.approx(93, rel=0.05)
    assert face.box.x > 500


@pytest.mark.parametrize(
    "name", ["brick", "grass", "gravel", "coffee", "rocket", "moon", "hubble_deep_field", "chelsea"]
)
def test_a_closer_look_invents_nobody(name: str) -> None:
    picture = np.asarray(Image.fromarray(getattr(skimage.data, name)()).convert("RGB"))
    assert [face for face in faces.find(np.ascontiguousarray(picture)) if face.human] == []
