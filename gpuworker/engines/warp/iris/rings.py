"""Colours of an iris by the distance from its centre, and whether two irises have the same ones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.smooth import Field

PER_RADIUS = 16
"""Rings in a radius."""
OUTERMOST = 13
"""Rings beyond hold white that the photo's softness mixes in."""
HIGHLIGHT = 1.25
"""A texel brighter than so many times its ring's mean is a catch-light, and no colour of the iris."""
LEAST_TEXELS = 2.0
LENT = 1.0
"""Weight of the other eye's texel in units of an own one."""
SURELY_OTHER = 0.30
"""Difference between the hues of two irises (logarithms of colour channels) from which on they are not one colour in
two lights."""
ENOUGH_TEXELS = 30.0
"""Texels that tell a hue."""
DARK_BROWN = 40.0, 30.0, 25.0


@dataclass(frozen=True, slots=True)
class Rings:
    """colours: (OUTERMOST, 3) float64 RGB, mean of each ring from the centre outwards, nan where none is seen;
    texels: (OUTERMOST,) how many were seen."""

    colours: NDArray[np.float64]
    texels: NDArray[np.float64]

    @classmethod
    def measure(cls, photo: NDArray[np.float32], share: Field, rho: Field) -> Rings:
        """photo: (m, m, 3); share: (m, m) 0 … 1, how much of a texel counts; rho: (m, m) distance in radii."""
        ring = (rho * PER_RADIUS).astype(int).ravel()
        inside = ring < OUTERMOST
        ring, texels, weight = ring[inside], photo.reshape(-1, 3)[inside].astype(np.float64), share.ravel()[inside]
        brightness = texels.mean(-1)
        for _ in range(2):
            mean = _means(ring, brightness[:, None], weight)[:, 0]
            weight = weight * (brightness < HIGHLIGHT * np.nan_to_num(mean[ring], nan=np.inf) + 4)
        return cls(_means(ring, texels, weight), np.bincount(ring, weight, OUTERMOST).astype(np.float64))

    def completed_by(self, other: Rings, light: float = 1.0) -> Rings:
        """These rings, with what the other eye's show in this eye's light. Its own where the two irises differ.

        light: on this eye over that on the other, for an iris of which nothing is seen.
        """
        if self.texels.sum() < LEAST_TEXELS:
            return Rings(light * other.colours, other.texels)
        both = np.minimum(self.texels, other.texels)
        if both.sum() < LEAST_TEXELS:
            return self
        ratio = _mean(self.colours, both) / np.maximum(_mean(other.colours, both), 1)
        if both.sum() > ENOUGH_TEXELS and np.ptp(np.log(np.maximum(ratio, 0.01))) > SURELY_OTHER:
            return self
        lent = LENT * other.texels
        total = np.maximum(self.texels + lent, 1e-9)[:, None]
        own, others = np.nan_to_num(self.colours), np.nan_to_num(other.colours) * ratio
        colours = (own * self.texels[:, None] + others * lent[:, None]) / total
        return Rings(np.where(self.texels[:, None] + lent[:, None] > 0, colours, np.nan), self.texels + lent)

    def spread(self, rho: Field) -> NDArray[np.float32]:
        """(m, m, 3): the colour of its ring for each texel; unseen rings have their neighbours'."""
        known = self.texels > LEAST_TEXELS
        if not known.any():
            return np.broadcast_to(np.array(DARK_BROWN, np.float32), (*rho.shape, 3)).copy()
        at = np.flatnonzero(known)
        table = [np.interp(np.arange(OUTERMOST), at, self.colours[known, channel]) for channel in range(3)]
        smooth = cv2.GaussianBlur(np.stack(table, axis=-1)[:, None].astype(np.float32), (1, 5), 0, sigmaY=1.0)
        position = np.clip(rho * PER_RADIUS - 0.5, 0, OUTERMOST - 1.1).astype(np.float32)
        columns = smooth.reshape(1, OUTERMOST, 3)
        return np.asarray(cv2.remap(columns, position, np.zeros_like(rho), cv2.INTER_LINEAR), np.float32)


def _means(ring: NDArray[np.intp], values: NDArray[np.float64], weight: NDArray[np.floating]) -> NDArray[np.float64]:
    """(OUTERMOST, channels): weighted means by ring; nan where nothing has weight."""
    total = np.bincount(ring, weight, OUTERMOST)
    sums = np.stack([np.bincount(ring, weight * channel, OUTERMOST) for channel in values.T], axis=-1)
    return np.where(total[:, None] > 0, sums / np.maximum(total, 1e-9)[:, None], np.nan)


def _mean(colours: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((np.nan_to_num(colours) * weight[:, None]).sum(0) / weight.sum())
