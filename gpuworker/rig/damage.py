"""Error for bytes that are not a rig that can be drawn."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal[
    "too-short",
    "magic",
    "header-length",
    "json",
    "version",
    "missing",
    "range",
    "parts",
    "inflate",
    "fields-length",
    "atlas",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class DamagedRig(ValueError):
    """`kind` is stable and the same in every reader (docs/rig.md); the message says what exactly is wrong."""

    def __init__(self, kind: Kind, what: str) -> None:
        self.kind: Kind = kind
        super().__init__(f"damaged rig ({kind}): {what}")
