"""Preparation of a request's photo: decode it, find the face that is meant, frame it, and cut the person out."""

from __future__ import annotations

from typing import NamedTuple

from gpuworker.contract import RenderRequest, Size
from gpuworker.images import photo
from gpuworker.images.photo import Photo
from gpuworker.vision import faces, framing, matting
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait


class Prepared(NamedTuple):
    """Portrait for an engine, and advice for the person."""

    portrait: FramedPortrait
    """Input of Engine.set_portrait."""
    advice: tuple[str, ...]
    """Complete sentences about the face, the crop and the cut-out; empty when all is well."""


def prepare(request: RenderRequest) -> Prepared:
    """Photo → face → portrait, by the request's face, crop, frame and background.

    Raises RenderError: what photo.read, faces.requested, framing.frame_portrait and matting.remove_background raise.
    """
    picture = photo.read(request.photo)
    face = faces.requested(picture.pixels, request.face, request.face_box)
    prepared = prepare_face(picture, face, request)
    if not request.remove_background:
        return prepared
    portrait, how = matting.remove_background(prepared.portrait)
    return Prepared(portrait, prepared.advice + how)


def prepare_face(picture: Photo, face: Face, request: RenderRequest) -> Prepared:
    """One accepted face, framed with its background; the request's own face is not asked for.

    Raises BadRequest as framing.frame_portrait does.
    """
    portrait = framing.frame_portrait(picture, face, request.frame, request.framing)
    height, width = picture.pixels.shape[:2]
    return Prepared(portrait, faces.advice(face) + framing.advice(portrait.crop, Size(width, height)))
