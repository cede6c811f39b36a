"""QR code of an address, as a picture that scales."""

from __future__ import annotations

import io

import segno

QUIET_ZONE = 4
"""Width of the white edge that readers need, modules."""
MODULE = 8
"""Width of a module, CSS pixels."""


def svg(address: str) -> bytes:
    """SVG file: black on white in every colour scheme, readable with an eighth of it covered."""
    file = io.BytesIO()
    code = segno.make_qr(address, error="m")
    code.save(
        file,
        kind="svg",
        scale=MODULE,
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        svgclass=None,
        lineclass=None,
        nl=False,
    )
    return file.getvalue()
