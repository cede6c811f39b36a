"""Gaze of a photo whose sitter looks past the viewer: where the irises would stand if it met the viewer's eyes.

Across, irises stand between their corners by the head's yaw. Up and down, they say little alone: corners are tilted and
lids cover irises. A sitter who looks up has higher irises and higher lids, the lower one less; a head that nods, a
smile or a squint moves these in other ways. The weights make the most of all three (generalised least squares).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from gpuworker.engines.warp.eye import Eye, lid_curve
from gpuworker.engines.warp.smooth import smoothstep

TOWARDS, TOWARDS_PER_DEGREE, OUTWARD = 0.006, -0.0045, 0.05
"""Where the irises of faces that look at the viewer stand, in eye widths: mean u of both, its change with the head's
yaw in degrees, and how far outward of it each lies. Read off some 80 faces."""
LEVEL = 7.4
"""Pitch of an ordinary face's landmarks, degrees."""
IRIS, UPPER, LOWER = -0.078, -0.218, 0.127
"""Mean v of both irises and of the lids' margins above and below their centres on level faces that look at the viewer,
in eye widths. This and what follows was read off some 130 faces."""
IRIS_PER_DEGREE = -0.0012
"""Change of the first with the head's pitch, which takes the corners along."""
WEIGHTS = (0.51, 0.53, 0.32)
"""Weights of iris, upper and lower lid in the measure of how far the irises stand too low."""
ACROSS, RAISED, LOWERED = 0.027, 0.017, 0.040
"""Standard deviation of the measures among faces that look at the viewer, in eye widths. Lids sink when they follow a
gaze down, but also in a smile or a squint: there the measure counts less."""
LOWERED_SHARE = 0.75
"""Share of a gaze down that is believed where the sitter surely looks past the viewer."""
PAST = (1.6, 3.0)
"""Standard deviations: a photo that is off by less than the first looks at the viewer, by more than the second does
not. Between them its gaze is taken off in part."""
MOST_YAW, MOST_YAW_UP = (24.0, 34.0), (28.0, 38.0)
"""Degrees between which the measures across and up fade out: of a head turned farther, eyes show too little to tell."""
MOST = 0.15
"""Eye widths up or down that are taken off at most, some 21°."""
SHARP = (0.025, 0.045)
"""Fine detail as a share of an eye's contrast, between which a gaze down is believed: blurred lids look lowered."""


@dataclass(frozen=True, slots=True)
class OwnGaze:
    """How far irises stand from where they meet the viewer's eyes, in eye widths. 0 where they do so."""

    aside: float
    """To the viewer's right."""
    down: float


def measure(eyes: Sequence[Eye], yaw: float = 0.0, pitch: float = LEVEL) -> OwnGaze:
    """eyes: both, or the one that can be seen, with their irises fitted; yaw, pitch: of the head, degrees, + to the
    viewer's right and down."""
    stand = _mean([eye.iris[0] / eye.width + eye.inner * OUTWARD for eye in eyes])
    aside = stand - TOWARDS - TOWARDS_PER_DEGREE * yaw
    aside *= _fading(yaw, MOST_YAW)
    down = _mean([_too_low(eye, pitch) for eye in eyes]) * _fading(yaw, MOST_YAW_UP)
    usual = RAISED
    if down > 0:
        down *= float(smoothstep(min(_sharpness(eye) for eye in eyes), *SHARP))
        usual = LOWERED
    share = float(smoothstep(np.hypot(aside / ACROSS, down / usual), *PAST))
    down *= LOWERED_SHARE if down > 0 else 1.0
    return OwnGaze(share * aside, float(np.clip(share * down, -MOST, MOST)))


def _too_low(eye: Eye, pitch: float) -> float:
    """How far an iris stands below one that meets the viewer's eyes, eye widths."""
    at = np.array([eye.iris[0]])
    upper, lower = (float(lid_curve(lid, at)[0]) for lid in (eye.upper_lid, eye.lower_lid))
    iris = eye.iris[1] / eye.width - IRIS - IRIS_PER_DEGREE * (pitch - LEVEL)
    return float(np.dot(WEIGHTS, (iris, upper / eye.width - UPPER, lower / eye.width - LOWER)))


def _sharpness(eye: Eye) -> float:
    """Fine detail as a share of the contrast in the eye's box."""
    grey = cv2.cvtColor(eye.pixels, cv2.COLOR_RGB2GRAY)
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 0.02 * eye.width))
    return float(fine.std() / max(float(grey.std()), 1.0))


def _fading(yaw: float, within: tuple[float, float]) -> float:
    return float(smoothstep(abs(yaw), *within[::-1]))


def _mean(values: list[float]) -> float:
    return float(np.mean(values))
