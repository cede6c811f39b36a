"""Lower lid margins moved down where the iris plainly goes on below them.

Landmarks of babies and of drawn faces often have the margin too high. What is left of the iris below it would count as
lid: a dark remnant that stays while the iris moves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye, lid_curve

ACROSS = np.linspace(-0.8, 0.8, 17)
"""Columns that are looked at, in radii from the iris's centre."""
STEP, MOST = 0.005, 0.18
"""Eye widths."""
LIKE = 0.2
"""Likeness from which on a pixel is iris."""
PLAINLY = 0.03
"""Eye widths by which the iris goes on in most columns where a margin is wrong: at most .025 where lashes or a shadow
below a true one have its colours, .045 to .055 on a baby and on a drawn face."""
RIM = 0.01
"""The margin lies so far below the last of the iris, in eye widths."""


def follow(eye: Eye) -> None:
    """Move the eye's lower margin in place, as a whole, below what is seen of the iris."""
    u = eye.iris[0] + ACROSS * eye.radius
    beyond = _iris_below(eye, u)
    if np.median(beyond) < PLAINLY:
        return
    most = float((beyond / np.maximum(_bell(u, eye.width), 0.3)).max() + RIM) * eye.width
    lid = eye.lower_lid.copy()
    lid[:, 1] += most * _bell(lid[:, 0], eye.width)
    eye.lower_lid = lid
    eye.lower = lid_curve(lid, eye.u)


def _iris_below(eye: Eye, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eye widths by which the iris goes on below the margin without a gap, at each u."""
    below = np.arange(0, MOST, STEP)[:, None] * eye.width
    v = lid_curve(eye.lower_lid, u) + below
    like = eye.sample(eye.likeness, np.broadcast_to(u, v.shape), v) > LIKE
    inside = np.hypot(u - eye.iris[0], v - eye.iris[1]) < eye.radius
    return np.asarray(np.cumprod(like & inside, axis=0).sum(0) * STEP, np.float64)


def _bell(u: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """1 in the middle of the eye, 0 from its corners on."""
    return np.asarray(np.clip(1 - (np.abs(u) / (0.5 * width)) ** 2.2, 0, 1), np.float64)
