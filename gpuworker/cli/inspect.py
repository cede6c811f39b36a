"""Inspection of a photo by the worker, before anything is rendered: faces, advice, and an annotated picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.cli.contact_sheets import png
from gpuworker.contract import Box, RenderRequest
from gpuworker.errors import RenderError
from gpuworker.images import photo
from gpuworker.vision import faces, preparation, topology
from gpuworker.vision.faces import Face
from gpuworker.whole_file import write_whole

GREEN, RED, WHITE = (60, 220, 120), (240, 80, 70), (255, 255, 255)


@dataclass(frozen=True)
class InspectedFace:
    """One face: the crop that would be rendered, or the refusal, and the advice."""

    face: Face
    crop: Box | None
    refusal: RenderError | None
    advice: tuple[str, ...]


def inspect(request: RenderRequest, annotated: Path | None = None) -> list[InspectedFace]:
    """Every face found, largest first. Writes an annotated PNG when asked. Raises RenderError for a bad file."""
    picture = photo.read(request.photo)
    found = faces.find(picture.pixels)
    inspected = [_inspected(picture, found, index, request) for index in range(len(found))]
    if annotated is not None:
        write_whole(annotated, png(_annotated(picture.pixels, inspected)))
    return inspected


def _inspected(picture: photo.Photo, found: list[Face], index: int, request: RenderRequest) -> InspectedFace:
    try:
        face = faces.choose(found, index, picture.pixels.shape)
        portrait, advice = preparation.prepare_face(picture, face, request)
    except RenderError as refusal:
        return InspectedFace(found[index], None, refusal, ())
    return InspectedFace(face, portrait.crop, None, advice)


def _annotated(pixels: NDArray[np.uint8], inspected: list[InspectedFace]) -> NDArray[np.uint8]:
    """Boxes, mesh, irises, and for a good face the crop, drawn into a copy of the photo."""
    drawn = np.ascontiguousarray(pixels.copy())
    stroke = max(1, round(max(pixels.shape) / 700))
    for index, result in enumerate(inspected):
        face, colour = result.face, RED if result.refusal else GREEN
        box = face.box
        corner = round(box.x), round(box.y)
        cv2.rectangle(drawn, corner, (round(box.x + box.width), round(box.y + box.height)), colour, 2 * stroke)
        cv2.putText(drawn, str(index), corner, cv2.FONT_HERSHEY_SIMPLEX, 0.8 * stroke, colour, 2 * stroke)
        for x, y in face.landmarks[:468, :2]:
            cv2.circle(drawn, (round(x), round(y)), stroke, WHITE, -1)
        for iris in topology.IRISES:
            centre, ring = face.landmarks[iris][0, :2], face.landmarks[iris][1:, :2]
            radius = np.linalg.norm(ring - centre, axis=1).mean()
            cv2.circle(drawn, (round(centre[0]), round(centre[1])), round(radius), colour, stroke)
        if result.crop is not None:
            crop = result.crop
            ends = (round(crop.x), round(crop.y)), (round(crop.x + crop.width), round(crop.y + crop.height))
            cv2.rectangle(drawn, *ends, WHITE, stroke)
    return drawn
