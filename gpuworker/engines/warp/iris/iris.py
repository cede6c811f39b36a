"""The full iris as a disc of its own, also the part that the lids hide in the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.sclera import lid_shade
from gpuworker.engines.warp.smooth import Field, smoothstep

RINGS_PER_RADIUS = 16
RINGS = 41


@dataclass(frozen=True, slots=True)
class Iris:
    """texture: (2n+1, 2n+1, 3) float32 RGB, centre in the middle, one texel a source pixel, no lid shadow;
    alpha: (2n+1, 2n+1) float32, 1 on the disc with a soft limbus; reach: n."""

    texture: NDArray[np.float32]
    alpha: Field
    reach: int

    @classmethod
    def extract(cls, eye: Eye) -> Iris:
        reach = int(np.ceil(eye.radius * 1.35))
        span = np.arange(-reach, reach + 1, dtype=np.float64)
        du, dv = np.meshgrid(span, span)
        rho = np.hypot(du, dv).astype(np.float32)
        seen, photo = _seen(eye, du, dv), _photo(eye, du, dv)
        rings = _ring_means(photo, seen * (rho < eye.radius * 0.97), rho, eye.radius)
        texture = _complete(photo, seen, rings)
        # Beyond the limbus the photo shows white, which must not travel along with the iris.
        edge = smoothstep(rho, 0.90 * eye.radius, 1.0 * eye.radius)[..., None]
        texture = texture * (1 - edge) + np.minimum(texture, rings) * edge
        alpha = 1 - smoothstep(rho, 0.90 * eye.radius, 1.10 * eye.radius)
        return cls(np.clip(texture, 0, 255).astype(np.float32), alpha.astype(np.float32), reach)


def _photo(eye: Eye, du: NDArray[np.float64], dv: NDArray[np.float64]) -> NDArray[np.float32]:
    unshaded = eye.pixels / lid_shade(eye.below_upper, eye.width)[..., None]
    return eye.sample(unshaded, du + eye.iris[0], dv + eye.iris[1])


def _seen(eye: Eye, du: NDArray[np.float64], dv: NDArray[np.float64]) -> Field:
    """0 … 1: how surely a texel shows iris and not lid or lash."""
    clear = ((eye.below_upper > 0.06 * eye.width) & (eye.above_lower > 0.03 * eye.width)).astype(np.float32)
    clear = cv2.GaussianBlur(clear, (0, 0), max(0.6, 0.012 * eye.width)).astype(np.float32)
    return np.asarray(smoothstep(eye.sample(clear, du + eye.iris[0], dv + eye.iris[1]), 0.5, 1.0), np.float32)


def _ring_means(photo: NDArray[np.float32], weight: Field, rho: Field, radius: float) -> NDArray[np.float32]:
    """Each texel's mean colour at its distance from the centre; unseen rings take their neighbours'."""
    ring = np.clip(rho / radius * RINGS_PER_RADIUS, 0, RINGS - 1).astype(int).ravel()
    total = np.bincount(ring, weight.ravel(), RINGS)
    sums = [np.bincount(ring, weight.ravel() * photo[..., c].ravel(), RINGS) for c in range(3)]
    known = total > 0.5
    if not known.any():
        means = np.tile(np.array([40.0, 30.0, 25.0]), (RINGS, 1))  # nothing seen: a dark brown
    else:
        at = np.flatnonzero(known)
        seen = np.stack(sums, axis=-1)[known] / total[known, None]
        means = np.stack([np.interp(np.arange(RINGS), at, seen[:, c]) for c in range(3)], axis=-1)
    smooth = cv2.GaussianBlur(means.astype(np.float32), (1, 5), 0, sigmaY=1.0)
    position = np.clip(rho / radius * RINGS_PER_RADIUS - 0.5, 0, RINGS_PER_RADIUS - 1.1).astype(np.float32)
    table = smooth.reshape(1, RINGS, 3)
    return np.asarray(cv2.remap(table, position, np.zeros_like(rho), cv2.INTER_LINEAR), np.float32)


def _complete(photo: NDArray[np.float32], seen: Field, rings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hidden texels from the vertical mirror (without its highlights) over the ring means."""
    mirror = np.minimum(photo[::-1], rings + 14)
    mirrored = 0.6 * seen[::-1][..., None]
    filling = rings * (1 - mirrored) + mirror * mirrored
    return np.asarray(photo * seen[..., None] + filling * (1 - seen[..., None]), np.float32)
