"""What the examination of an upload says about each face in it. Light: no picture library is imported."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gpuworker.contract import Box

MOST_WORDS = 500
"""Characters of a sentence. What comes out of the airlock is not trusted further than it must be."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One face of the normalised photo.

    index: what RenderRequest.face calls it, 0 is the largest.
    box: its bounds in pixels of the normalised photo; may leave the picture where the face does.
    width: cheek to cheek, pixels.
    crop: head and shoulders as they would be rendered, whole pixels; None when the face is refused.
    code, sentence: why it is refused (gpuworker.errors), or None.
    advice: sentences about an accepted face that will not look its best.
    """

    index: int
    box: Box
    width: float
    crop: Box | None = None
    code: str | None = None
    sentence: str | None = None
    advice: tuple[str, ...] = ()

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
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """Raises KeyError, TypeError or ValueError when that is not a finding."""
        return cls(
            index=int(data["index"]),
            box=_box(data["box"]),
            width=_finite(data["width"]),
            crop=None if data["crop"] is None else _box(data["crop"]),
            code=None if data["code"] is None else words(data["code"]),
            sentence=None if data["sentence"] is None else words(data["sentence"]),
            advice=tuple(words(sentence) for sentence in data["advice"]),
        )


def words(text: Any) -> str:
    """A sentence or code that is one. Raises ValueError."""
    if not isinstance(text, str) or not 0 < len(text) <= MOST_WORDS or not text.isprintable():
        raise ValueError("no printable text of reasonable length")
    return text


def _box(data: Mapping[str, Any]) -> Box:
    return Box(*(_finite(data[name]) for name in ("x", "y", "width", "height")))


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a measure")
    return number
