"""Horizontal gaze of a photo whose sitter looks aside: where the irises would stand if it met the viewer's eyes."""

from __future__ import annotations

from collections.abc import Sequence

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.smooth import smoothstep

TOWARDS, TOWARDS_PER_DEGREE, OUTWARD = 0.006, -0.0045, 0.05
"""Where the irises of faces that look at the viewer stand, in eye widths: mean u of both, its change with the head's
yaw in degrees, and how far outward of it each lies. Read off some 80 faces."""
MOST_YAW = (20.0, 28.0)
"""Degrees between which the measure fades out: of a head turned farther, eyes show too little to tell."""
ASIDE = (0.07, 0.12)
"""Eye widths: a photo whose irises are off by less than the first looks at the viewer, by more than the second does
not. Between them it is taken off in part."""


def ahead(eyes: Sequence[Eye], yaw: float) -> tuple[float, ...]:
    """u of each iris, source pixels, that meets the viewer's eyes. The photo's own where it does so.

    eyes: both, or the one that can be seen; yaw: of the head in the photo, degrees, + to the viewer's right.
    """
    towards = TOWARDS + TOWARDS_PER_DEGREE * yaw
    off = sum(float(eye.iris[0]) / eye.width + eye.inner * OUTWARD for eye in eyes) / len(eyes) - towards
    share = float(smoothstep(abs(off), *ASIDE) * smoothstep(abs(yaw), *MOST_YAW[::-1]))
    return tuple(
        float(eye.iris[0] + share * ((towards - eye.inner * OUTWARD) * eye.width - eye.iris[0])) for eye in eyes
    )
