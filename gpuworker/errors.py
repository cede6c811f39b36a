"""Why a render did not happen: one root, a stable code, a sentence for the person.

`permanent` says that the same request will fail again, so it is not retried.
`exit_code` is what the command line ends with; the table is part of the interface.
Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

PHOTO_FORMATS = "JPEG, PNG, WebP, AVIF or HEIC"
"""Formats that are read, for sentences."""


class RenderError(Exception):
    """Root of every error that a person may see.

    `sentence` is complete and polite; `details` is JSON-ready (face boxes, sizes) for the page.
    """

    code: ClassVar[str] = "render_failed"
    permanent: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1
    sentence_default: ClassVar[str] = "Something went wrong while the portrait was being rendered. Please try again."

    def __init__(self, sentence: str | None = None, *, details: Mapping[str, Any] | None = None) -> None:
        self.sentence = sentence or self.sentence_default
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(self.sentence)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self.code, self.sentence, self.details))


class UnreadablePhoto(RenderError):
    code = "unreadable_photo"
    permanent = True
    exit_code = 10
    sentence_default = f"This file is not a complete picture that we can read. Please use a {PHOTO_FORMATS} photo."


class PhotoTooLarge(RenderError):
    code = "photo_too_large"
    permanent = True
    exit_code = 11
    sentence_default = "This picture is too large. Please use one of at most 50 megapixels."


class PhotoTooHeavy(RenderError):
    """Decoding it would need, or has needed, more memory or time than one photo may take."""

    code = "photo_too_heavy"
    permanent = True
    exit_code = 12
    sentence_default = (
        "This picture needs too much time or memory to be opened. Please save it as a smaller JPEG and try again."
    )


class NoFace(RenderError):
    code = "no_face"
    permanent = True
    exit_code = 20
    sentence_default = (
        "We could not find a face in this picture. Please use a photo that shows one face from the front."
    )


class SeveralFaces(RenderError):
    """`details["faces"]` lists every box, largest face first, so that a person can choose."""

    code = "several_faces"
    permanent = True
    exit_code = 21
    sentence_default = "There are several faces in this picture. Please choose the one that should look around."


class FaceTooSmall(RenderError):
    code = "face_too_small"
    permanent = True
    exit_code = 22
    sentence_default = "The face in this picture is too small. Please use a photo in which it is larger."


class FaceCut(RenderError):
    code = "face_cut"
    permanent = True
    exit_code = 23
    sentence_default = "The edge of the picture cuts the face. Please use a photo that shows the whole face."


class FaceTurned(RenderError):
    code = "face_turned"
    permanent = True
    exit_code = 24
    sentence_default = "The face is turned too far away. Please use a photo that shows it from the front."


class FaceUnclear(RenderError):
    """Something was taken for a face, but a person's was not made out in it."""

    code = "face_unclear"
    permanent = True
    exit_code = 25
    sentence_default = (
        "We could not make out a face with two eyes, a nose and a mouth. Please use a photo that shows "
        "one from the front, in good light, with nothing in front of it."
    )


class EyesClosed(RenderError):
    code = "eyes_closed"
    permanent = True
    exit_code = 26
    sentence_default = "The eyes are closed or nearly closed. Please use a photo with open eyes."


class BadRequest(RenderError):
    """An option is unknown or out of range."""

    code = "bad_request"
    permanent = True
    exit_code = 2
    sentence_default = "One of the options is not valid."


class OutputFailed(RenderError):
    """The disk is full, or the output folder cannot be written."""

    code = "output_failed"
    exit_code = 30
    sentence_default = (
        "The rendered files could not be written. Please check the free space and the folder's permissions."
    )


class WorkerDied(RenderError):
    """A rendering process ended on its own (killed, out of memory)."""

    code = "worker_died"
    exit_code = 31
    sentence_default = "The rendering process stopped unexpectedly. Please try again."


class Busy(RenderError):
    """The worker's queue, or the provider's, is full. `details["retry_after"]` says for how many seconds."""

    code = "busy"
    exit_code = 32
    sentence_default = "All rendering machines have as much work as they can take. Please try again in a moment."


class Superseded(RenderError):
    """A newer attempt at the same render has begun, or this one was given up: its results no longer count."""

    code = "superseded"
    permanent = True
    exit_code = 33
    sentence_default = "A newer attempt at this render has taken over."


class WorkerLost(RenderError):
    """A worker on another machine does not answer any more."""

    code = "worker_lost"
    exit_code = 34
    sentence_default = "The connection to the rendering machine was lost. Please try again."


class WrongAnswer(RenderError):
    """A worker on another machine answers, but with what cannot be right."""

    code = "wrong_answer"
    exit_code = 35
    sentence_default = "The rendering machine delivered something that cannot be right. Please try again."


class OtherProtocol(RenderError):
    """Site and worker are of releases that do not understand each other."""

    code = "other_protocol"
    permanent = True
    exit_code = 36
    sentence_default = "The rendering machine runs another release than this site. Please install the same on both."


class AccessDenied(RenderError):
    """The worker refuses our token, or the provider our key."""

    code = "access_denied"
    permanent = True
    exit_code = 37
    sentence_default = "The rendering machine refused our credentials. Please check the configured token and key."


class NoCapacity(RenderError):
    """No GPU can be rented right now."""

    code = "no_capacity"
    exit_code = 38
    sentence_default = "No GPU is free at the moment. The render will begin as soon as there is one."


class BudgetSpent(RenderError):
    """The day's budget has been spent. `details["retry_after"]` is seconds until the next day (UTC)."""

    code = "budget_spent"
    exit_code = 39
    sentence_default = "Today's budget for GPU time has been spent. The render will begin tomorrow."


class RentalRefused(RenderError):
    """The provider refuses the order as such: an image, a volume or an option that it does not know."""

    code = "rental_refused"
    permanent = True
    exit_code = 40
    sentence_default = "The GPU provider refused the order. Please check the configured image, volume and GPU."


class GpuOutOfMemory(RenderError):
    """The GPU's memory did not suffice, for which something else on the same GPU may be to blame."""

    code = "gpu_out_of_memory"
    exit_code = 41
    sentence_default = "The GPU ran out of memory. Please try again."


class WrongWeights(RenderError):
    """A file of weights is missing, or is not the one that the engine was made for; the sentence has both hashes."""

    code = "wrong_weights"
    exit_code = 42
    sentence_default = "The weights of this engine are not the right ones."


class SelfCheckFailed(RenderError):
    """The engine runs, but what it renders does not look where it is told to; the sentence has the figures."""

    code = "self_check_failed"
    exit_code = 43
    sentence_default = "This engine does not pass its own check."


class Cancelled(RenderError):
    code = "cancelled"
    exit_code = 130
    sentence_default = "The rendering was cancelled."


def _classes(root: type[RenderError]) -> list[type[RenderError]]:
    return [root, *(c for child in root.__subclasses__() for c in _classes(child))]


BY_CODE: dict[str, type[RenderError]] = {cls.code: cls for cls in _classes(RenderError)}


def from_code(code: str, sentence: str | None = None, details: Mapping[str, Any] | None = None) -> RenderError:
    """The error that travelled as a code; an unknown code becomes the root class."""
    return BY_CODE.get(code, RenderError)(sentence, details=details)


def _rebuild(code: str, sentence: str, details: dict[str, Any]) -> RenderError:
    return from_code(code, sentence, details)
