"""Report on one face of an uploaded photo. Imports no picture library, so the site's process can load it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gpuworker.contract import Box

MAX_TEXT_LENGTH = 500
"""Characters of a sentence or code: replies of the sandbox are not trusted."""


@dataclass(frozen=True, slots=True)
class FaceReport:
    """Result of the analysis of one face in the normalised photo."""

    index: int
    """Index as in RenderRequest.face; 0 is the largest face."""
    box: Box
    """Bounds in pixels of the normalised photo; may leave the picture where the face does."""
    width: float
    """Distance from cheek to cheek, pixels."""
    crop: Box | None = None
    """Head and shoulders as they would be rendered, whole pixels; None when the face is refused."""
    code: str | None = None
    """Code of the reason for a refusal (gpuworker.errors); None when the face is usable."""
    sentence: str | None = None
    """Sentence about the reason for a refusal; None when the face is usable."""
    advice: tuple[str, ...] = ()
    """Sentences about a usable face that will not look its best."""

    @property
    def usable(self) -> bool:
        return self.code is None

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "box": self.box.to_json(),
            "width": round(self.width, 1),
            "crop": self.crop.to_json() if self.crop else None,
            "code": self.code,
            "sentence": self.sentence,
            "advice": list(self.advice),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FaceReport:
        """Report read from JSON. Raises KeyError, TypeError or ValueError when the data is invalid."""
        return cls(
            index=int(data["index"]),
            box=_box(data["box"]),
            width=_finite(data["width"]),
            crop=None if data["crop"] is None else _box(data["crop"]),
            code=None if data["code"] is None else printable_text(data["code"]),
            sentence=None if data["sentence"] is None else printable_text(data["sentence"]),
            advice=tuple(printable_text(sentence) for sentence in data["advice"]),
        )


def printable_text(text: Any) -> str:
    """The text itself, if it is a sentence or code that may be shown. Raises ValueError."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_TEXT_LENGTH or not text.isprintable():
        raise ValueError("no printable text of reasonable length")
    return text


def _box(data: Mapping[str, Any]) -> Box:
    return Box(*(_finite(data[name]) for name in ("x", "y", "width", "height")))


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a measure")
    return number
