"""Which part of the photo is shown, and that part at twice the frame's size with its landmarks.

The rule was measured on real pictures: a face 93 pixels wide goes from a barely visible gaze to a
good one by framing alone. Landmark coordinates are continuous (gpuworker.vision.faces): a landmark at x in
the upload is at (x − crop.x) · frame.width / crop.width in the frame, exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import (
    FACE_MARGIN,
    MIN_FRAME_SIDE,
    MIN_FRAMED_WIDTH,
    MIN_LARGE_WIDTH,
    STANDARD_FRAME,
    Box,
    Framing,
    Size,
)
from gpuworker.errors import BadRequest
from gpuworker.images.photo import Photo
from gpuworker.vision.faces import Face
from gpuworker.vision.segmentation import person_mask
from gpuworker.vision.topology import CHIN, FOREHEAD, LEFT_CHEEK, OVAL, RIGHT_CHEEK

SUPERSAMPLING = 2
"""Picture pixels per frame pixel: a warp that samples twice the resolution stays sharp."""

FACE_WIDTH = 0.42
"""Share of the frame's width that a face takes; FACE_HEIGHT, of its height, decides for long faces."""
FACE_HEIGHT = 0.58
FACE_WIDTH_ZOOMED = 0.62
"""Share of the width that the face may fill before the picture is padded instead."""
FACE_WIDTH_TIGHT = 0.74
"""The same beside the picture's edge, where padding is skin or hair drawn out in streaks."""
CENTRE = (0.50, 0.47)
CENTRE_X, CENTRE_Y = (0.34, 0.66), (0.40, 0.60)
"""Place of the face's centre, and the range in which it may lie when the crop slides inside the picture."""
CENTRE_X_TIGHT, CENTRE_Y_TIGHT = (0.30, 0.70), (0.37, 0.62)
"""The same before the picture is padded."""
NOTABLE_PADDING = 0.05
"""Share of the crop beyond the picture from which a person is told."""

FADE = 0.04
"""Width of the blur in padding and of the way into it, of the picture's width."""
HAZE = 5.0
"""The blur farther out, and the way there, in widths of the first."""


@dataclass(frozen=True)
class FramedPortrait:
    """Picture and landmarks that an engine is given once.

    picture: (SUPERSAMPLING·H, SUPERSAMPLING·W, 3) uint8 sRGB, the framed crop.
    alpha: (SUPERSAMPLING·H, SUPERSAMPLING·W) uint8, or None when it is opaque; 0 in padding.
    frame: W × H of the rendered frames.
    landmarks: (478, 3) float64, Face.landmarks in frame pixels; z on the scale of x.
    iris_candidates: (2, 3, 2) float64, Face.iris_candidates in frame pixels.
    person: (H, W) float32, 0 … 1, how surely a pixel shows the person.
    crop: what is shown, upload pixels; beyond the picture at its top and sides where it is padded.
    upscale: picture pixels per upload pixel; above 1 the picture is enlarged.
    dark_lenses, eyes_hidden: as Face.covering and Face say.
    """

    picture: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    frame: Size
    landmarks: NDArray[np.float64]
    iris_candidates: NDArray[np.float64]
    person: NDArray[np.float32]
    crop: Box
    upscale: float
    dark_lenses: bool = False
    eyes_hidden: bool = False


def frame_size(photo_size: Size, framing: Framing, requested: Size) -> Size:
    """The frames' size: as requested, or for the whole picture its own shape, as long as requested.

    Raises BadRequest when the whole picture is too narrow for a frame.
    """
    if framing != "whole":
        return requested
    scale = max(requested.width, requested.height) / max(photo_size.width, photo_size.height)
    width, height = (2 * round(side * scale / 2) for side in (photo_size.width, photo_size.height))
    if min(width, height) < MIN_FRAME_SIDE:
        raise BadRequest("This picture is too narrow to be kept whole. Please let it be cropped to head and shoulders.")
    return Size(width, height)


def plan(face: Face, photo_size: Size, frame: Size, framing: Framing) -> Box:
    """The crop in whole upload pixels, shaped like `frame` to within one of them.

    Raises BadRequest when an adjusted crop does not show the face or shows it too small.
    """
    if framing == "whole":
        return Box(0, 0, photo_size.width, photo_size.height)
    if isinstance(framing, Box):
        return _adjusted(face, photo_size, frame, framing)
    return _automatic(face, photo_size, frame)


def padding_share(crop: Box, photo_size: Size) -> float:
    """Share of a crop that lies beyond the picture, 0 … 1: there it is made up."""
    width = min(crop.x + crop.width, photo_size.width) - max(crop.x, 0)
    height = min(crop.y + crop.height, photo_size.height) - max(crop.y, 0)
    return 1 - max(width, 0) * max(height, 0) / (crop.width * crop.height)


def advice(crop: Box, photo_size: Size) -> tuple[str, ...]:
    """Sentences for the person about a crop that leaves the picture."""
    share = padding_share(crop, photo_size)
    if share < NOTABLE_PADDING:
        return ()
    return (
        f"The picture ends close to the head, so {share:.0%} of what is shown will be made up and look smeared. "
        "A photo with more room around the head looks better.",
    )


def frame_portrait(photo: Photo, face: Face, frame: Size, framing: Framing) -> FramedPortrait:
    """Crop, resize and pad the photo, and move the landmarks with it.

    frame: as requested; `frame_size` decides what it becomes.
    Raises BadRequest as `frame_size` and `plan` do, and for a large frame of a small face.
    """
    height, width = photo.pixels.shape[:2]
    frame = frame_size(Size(width, height), framing, frame)
    if max(frame.width, frame.height) > STANDARD_FRAME.height and face.width < MIN_LARGE_WIDTH:
        raise BadRequest(
            f"The face is {face.width:.0f} pixels wide; frames of {frame.width} × {frame.height} need at least "
            f"{MIN_LARGE_WIDTH:.0f}. Please choose {STANDARD_FRAME.width} × {STANDARD_FRAME.height}."
        )
    crop = plan(face, Size(width, height), frame, framing)
    _demand_visible_gaze(face, crop, frame)
    scale = np.array([frame.width / crop.width, frame.height / crop.height])
    origin = np.array([crop.x, crop.y])
    landmarks = np.column_stack([(face.landmarks[:, :2] - origin) * scale, face.landmarks[:, 2] * scale[0]])
    picture = _cut(photo.pixels, crop, frame)
    alpha = None if photo.alpha is None else _cut_alpha(photo.alpha, crop, frame)
    return FramedPortrait(
        picture=picture,
        alpha=alpha,
        frame=frame,
        landmarks=landmarks,
        iris_candidates=(face.iris_candidates - origin) * scale,
        person=_person(picture, alpha, frame),
        crop=crop,
        upscale=SUPERSAMPLING * frame.width / crop.width,
        dark_lenses=face.covering.dark_lenses,
        eyes_hidden=face.eyes_hidden,
    )


# ------------------------------------------------------------------- the crop


def _automatic(face: Face, photo: Size, frame: Size) -> Box:
    """Head and shoulders: slide inside the picture first, then zoom in, then crop tightly, and only then pad."""
    crop = _headed(face, photo, frame, FACE_WIDTH_ZOOMED, CENTRE_X, CENTRE_Y)
    if not padding_share(crop, photo):
        return crop
    return _headed(face, photo, frame, FACE_WIDTH_TIGHT, CENTRE_X_TIGHT, CENTRE_Y_TIGHT)


def _headed(
    face: Face, photo: Size, frame: Size, zoomed: float, limits_x: tuple[float, float], limits_y: tuple[float, float]
) -> Box:
    """The crop around a face that fills at most `zoomed` of its width, with its centre within the limits."""
    aspect = frame.height / frame.width
    middle = face.landmarks[[LEFT_CHEEK, RIGHT_CHEEK, FOREHEAD, CHIN], :2].mean(axis=0)
    x, y = float(middle[0]), float(middle[1])
    width = max(face.width / FACE_WIDTH, face.height / (FACE_HEIGHT * aspect))
    fit = min(_fitting(x, photo.width, limits_x), _fitting(y, photo.height, limits_y) / aspect)
    oval = _with_margin(face)
    least = max(face.width / zoomed, oval.height / aspect)
    width = max(min(width, fit), min(width, least))
    height = width * aspect
    left = _containing(_slid(x, width, photo.width, CENTRE[0], limits_x), width, oval.x, oval.width)
    top = _containing(_slid(y, height, photo.height, CENTRE[1], limits_y), height, oval.y, oval.height)
    return _whole_pixels(Box(left, top, width, height), photo, aspect)


def _fitting(centre: float, available: float, limits: tuple[float, float]) -> float:
    """Longest side of a crop inside the picture that keeps the face's centre within its limits."""
    low, high = limits
    return max(0.0, min(available, centre / low, (available - centre) / (1 - high)))


def _slid(centre: float, side: float, available: float, place: float, limits: tuple[float, float]) -> float:
    """Start of the crop along one axis: inside the picture as far as the centre's limits allow."""
    low, high = sorted((0.0, available - side))
    start = min(max(centre - place * side, low), high)
    return min(max(start, centre - limits[1] * side), centre - limits[0] * side)


def _whole_pixels(box: Box, photo: Size, aspect: float) -> Box:
    """Whole pixels, so that resizing needs no sub-pixel shift; never beyond the picture's bottom.

    Rounding the width down keeps a crop that fits inside the picture.
    """
    width = max(1, math.floor(box.width + 1e-6))
    height = max(1, round(width * aspect))
    left = round(box.x + (box.width - width) / 2)
    top = round(box.y + (box.height - height) / 2)
    return Box(left, min(top, photo.height - height), width, height)


def _adjusted(face: Face, photo: Size, frame: Size, box: Box) -> Box:
    """A person's crop, given the frame's shape, room for the whole face, and kept in the picture."""
    aspect = frame.height / frame.width
    oval = _with_margin(face)
    x, y = oval.x + oval.width / 2, oval.y + oval.height / 2
    if not (box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height):
        raise BadRequest("The crop does not show the face. Please move it over the face.")
    wanted = max(box.width, box.height / aspect)
    needed = max(oval.width, oval.height / aspect)
    width = max(needed, min(wanted, photo.width, photo.height / aspect))
    height = width * aspect
    left = _holding(box.x + (box.width - width) / 2, width, oval.x, oval.width, photo.width)
    top = _holding(box.y + (box.height - height) / 2, height, oval.y, oval.height, photo.height)
    return _whole_pixels(Box(left, top, width, height), photo, aspect)


def _holding(start: float, side: float, inner: float, inner_side: float, available: float) -> float:
    """`start` moved into the picture as far as it goes, but so that the face stays inside."""
    low, high = sorted((0.0, available - side))
    return _containing(min(max(start, low), high), side, inner, inner_side)


def _containing(start: float, side: float, inner: float, inner_side: float) -> float:
    """`start` moved so that a longer side holds the shorter inner one."""
    return min(max(start, inner + inner_side - side), inner)


def _with_margin(face: Face) -> Box:
    """Bounds of the silhouette and a little room around it."""
    oval = face.landmarks[list(OVAL), :2]
    margin = FACE_MARGIN * face.width
    low, high = oval.min(axis=0) - margin, oval.max(axis=0) + margin
    return Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def _demand_visible_gaze(face: Face, crop: Box, frame: Size) -> None:
    """Raises BadRequest when the face is so small in the frame that its gaze could not be seen to move."""
    shown = face.width * frame.width / crop.width
    if shown < MIN_FRAMED_WIDTH:
        raise BadRequest(
            f"The face would be only {shown:.0f} pixels wide in the frame, too small to show where it looks. "
            "Please crop closer to the face."
        )


# ---------------------------------------------------------------- the picture


def _cut(pixels: NDArray[np.uint8], crop: Box, frame: Size) -> NDArray[np.uint8]:
    """The crop at SUPERSAMPLING × frame, (2H, 2W, 3) uint8, padded where it leaves the picture."""
    inside, padding = _inside(pixels, crop)
    if not any(padding):
        return _resized(inside, frame)
    filled = cv2.copyMakeBorder(inside, *padding, cv2.BORDER_REPLICATE).astype(np.uint8)
    return _faded(_resized(filled, frame), crop, Size(pixels.shape[1], pixels.shape[0]))


def _cut_alpha(alpha: NDArray[np.uint8], crop: Box, frame: Size) -> NDArray[np.uint8]:
    """Alpha cut as by `_cut`, (2H, 2W) uint8; padding stays transparent."""
    inside, padding = _inside(alpha, crop)
    return _resized(cv2.copyMakeBorder(inside, *padding, cv2.BORDER_CONSTANT, value=0).astype(np.uint8), frame)


def _inside(pixels: NDArray[np.uint8], crop: Box) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """The part of a whole-pixel crop that the picture has, and what lacks: top, bottom, left, right."""
    height, width = pixels.shape[:2]
    left, top = int(crop.x), int(crop.y)
    right, bottom = left + int(crop.width), top + int(crop.height)
    part: NDArray[np.uint8] = pixels[max(top, 0) : bottom, max(left, 0) : right]
    return part, (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))


def _resized(pixels: NDArray[np.uint8], frame: Size) -> NDArray[np.uint8]:
    """Pixels resized to SUPERSAMPLING × frame. Both ways keep the corners, so landmarks scale with the sides.

    Enlarged by cubics: Lanczos is no sharper on eyes and rings around lids and JPEG grain.
    """
    size = (frame.width * SUPERSAMPLING, frame.height * SUPERSAMPLING)
    shrinks = pixels.shape[1] > size[0]
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC).astype(np.uint8)


def _faded(picture: NDArray[np.uint8], crop: Box, photo: Size) -> NDArray[np.uint8]:
    """Replicated edges are streaks; with the distance from the photo they turn into blur, then into a haze."""
    height, width = picture.shape[:2]
    scale = width / crop.width
    x, y = np.arange(width, dtype=np.float32) + 0.5, np.arange(height, dtype=np.float32) + 0.5
    dx = np.maximum(np.maximum(-crop.x * scale - x, x - (photo.width - crop.x) * scale), 0)
    dy = np.maximum(-crop.y * scale - y, 0)
    sigma = FADE * width
    away = np.hypot(dx[None, :], dy[:, None])[..., None] / sigma
    near, far = np.clip(away, 0, 1), np.clip((away - 1) / HAZE, 0, 1)
    blurred = _blurred(picture, sigma) * (1 - far) + _blurred(picture, HAZE * sigma) * far
    faded: NDArray[np.uint8] = np.round(picture * (1 - near) + blurred * near).astype(np.uint8)
    return faded


def _blurred(picture: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Gaussian blur of a large sigma (pixels), made small first because it costs less."""
    height, width = picture.shape[:2]
    shrink = max(1, math.floor(sigma / 4))
    small = cv2.resize(picture, (width // shrink, height // shrink), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _person(picture: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, frame: Size) -> NDArray[np.float32]:
    """(H, W) float32: the segmentation, and nothing where the upload is transparent."""
    size = (frame.width, frame.height)
    mask = person_mask(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8))
    if alpha is None:
        return mask
    return (mask * cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) / np.float32(255)).astype(np.float32)
