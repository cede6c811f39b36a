"""Analysis of an uploaded file: the photo to keep, its thumbnail and a report on each face.

Runs in the sandbox's children only. The photo is encoded anew from pixels, so that nothing but the
picture survives; faces are detected in that very encoding, so that the worker, given the same bytes,
finds them in the same order.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker.contract import STANDARD_FRAME, Size
from gpuworker.errors import NoFace, PhotoTooHeavy, RenderError, SeveralFaces, from_code
from gpuworker.images import decode_cost, photo
from gpuworker.images.photo import Photo
from gpuworker.vision import bundled_networks, faces, framing
from gpuworker.vision.faces import Face
from portraits.uploads.face_report import FaceReport
from portraits.uploads.sandbox_reply import MAX_SIDE, PhotoAnalysis, RejectedPhoto, pack, pack_face_report, unpack_place

USUAL_SIDE = 2048
ENOUGH_FACE = 260.0
"""Pixels; a wider face gains nothing, a narrower one is not made smaller than it is without need."""

PHOTO_QUALITY, PHOTO_METHOD = 95, 0
THUMBNAIL_SIDE, THUMBNAIL_QUALITY, THUMBNAIL_METHOD = 480, 82, 2


def warm() -> None:
    """Load parsers and networks, so that children need no file of their own any more."""
    Image.init()
    cv2.setNumThreads(1)
    bundled_networks.warm()
    blank = np.full((64, 64, 3), 128, np.uint8)
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        photo.read(_encoded(blank, None, kind))
    faces.find(blank)
    with contextlib.suppress(NoFace):
        faces.find_at(blank, 32, 32)  # every step of an analysis


def handle(upload: bytes) -> bytes:
    """Reply to an upload: its analysis, or the reason why it is rejected (sandbox_reply.pack)."""
    try:
        place = unpack_place(upload)
        return pack(analyse(upload)) if place is None else pack_face_report(find_at(*place))
    except RenderError as refusal:
        return pack(RejectedPhoto(refusal.code, refusal.sentence))


def analyse(upload: bytes) -> PhotoAnalysis:
    """Analysis of a file. Raises RenderError: why it cannot be read, or why its largest face cannot be rendered."""
    try:
        return _analyse_photo(photo.read(upload, enough=MAX_SIDE, budget=decode_cost.BUDGET))
    except (MemoryError, cv2.error) as error:
        raise PhotoTooHeavy from error


def find_at(kept: bytes, x: float, y: float) -> FaceReport:
    """Report on the face at (x, y), pixels, of a photo that `analyse` made. Raises RenderError when there is none.

    The face is detected as the worker will detect it, from its box alone.
    """
    pixels = photo.read(kept).pixels
    face = faces.requested(pixels, None, faces.find_at(pixels, x, y).box)
    report = _face_report(pixels, [face], 0)
    if report.code is not None:
        raise from_code(report.code, report.sentence)
    return report


def _analyse_photo(original: Photo) -> PhotoAnalysis:
    normalised = _normalised(original)
    with ThreadPoolExecutor(1) as beside:  # on a second core
        thumbnail = beside.submit(_thumbnail, normalised)
        return _analysed(normalised, thumbnail)


def _analysed(normalised: Photo, thumbnail: Future[bytes]) -> PhotoAnalysis:
    """Analysis of the photo as it is kept."""
    kept = _encoded(normalised.pixels, normalised.alpha, "WEBP", quality=PHOTO_QUALITY, method=PHOTO_METHOD)
    shown = photo.read(kept)
    found = faces.find(shown.pixels)
    reports = tuple(_face_report(shown.pixels, found, index) for index in range(len(found)))
    _demand_a_usable_face(found, reports, shown.pixels.shape)
    height, width = shown.pixels.shape[:2]
    return PhotoAnalysis(
        photo=kept,
        thumbnail=thumbnail.result(),
        width=width,
        height=height,
        alpha=shown.alpha is not None,
        faces=reports,
        suggested=_suggested(found, shown.pixels.shape),
    )


# ------------------------------------------------------------------- the photo


def _normalised(original: Photo) -> Photo:
    """Photo with sides of at most USUAL_SIDE, unless that makes the largest face needlessly small."""
    longest = max(original.pixels.shape[:2])
    shrunk = _shrunk(original, USUAL_SIDE)
    if longest <= USUAL_SIDE:
        return shrunk
    widest = faces.widest(shrunk.pixels)
    if not widest or widest >= ENOUGH_FACE:
        return shrunk
    wanted = round(USUAL_SIDE * ENOUGH_FACE / widest)
    return _shrunk(original, min(wanted, MAX_SIDE))


def _shrunk(picture: Photo, longest: int) -> Photo:
    height, width = picture.pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Photo(_resized(picture.pixels, size), None if picture.alpha is None else _resized(picture.alpha, size))


def _resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _thumbnail(picture: Photo) -> bytes:
    small = _shrunk(picture, THUMBNAIL_SIDE)
    return _encoded(small.pixels, small.alpha, "WEBP", quality=THUMBNAIL_QUALITY, method=THUMBNAIL_METHOD)


def _encoded(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels if alpha is None else np.dstack([pixels, alpha])).save(file, kind, **options)
    return file.getvalue()


# ------------------------------------------------------------------- the faces


def _face_report(pixels: NDArray[np.uint8], found: Sequence[Face], index: int) -> FaceReport:
    face = found[index]
    height, width = pixels.shape[:2]
    try:
        faces.choose(found, index, pixels.shape)
        crop = framing.plan(face, Size(width, height), STANDARD_FRAME, "auto")
    except RenderError as refusal:
        return FaceReport(index, face.box, face.width, code=refusal.code, sentence=refusal.sentence)
    advice = faces.advice(face) + framing.advice(crop, Size(width, height))
    return FaceReport(index, face.box, face.width, crop, advice=advice)


def _demand_a_usable_face(found: Sequence[Face], reports: Sequence[FaceReport], shape: tuple[int, ...]) -> None:
    """Raises what is wrong with the largest face when all of them are refused, or NoFace."""
    if not any(report.usable for report in reports):
        faces.choose(found, 0, shape)


def _suggested(found: Sequence[Face], shape: tuple[int, ...]) -> int | None:
    """Index of the one prominent face; None when the owner should choose."""
    try:
        chosen = faces.choose(found, None, shape)
    except SeveralFaces:
        return None
    except RenderError:
        return None  # the most prominent face is refused, but another one would do
    return next(index for index, face in enumerate(found) if face is chosen)
