"""The full irises as discs of their own, also the parts that the lids hide in the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.iris.rings import Rings
from gpuworker.engines.warp.sclera import lid_shade, skin_around
from gpuworker.engines.warp.smooth import Field, smoothstep

Picture = NDArray[np.float32]

LIMBUS = 0.80, 0.93
"""Radii between which the photo mixes iris with white: from there on a texel is no lighter than the iris within."""
SOFTNESS = 0.10, 0.25
"""Radii to either side in which the disc ends, as soft as the photo's own limbus."""
INSIDE = 0.88
"""Radii within which a bright spot is a catch-light, not white or a lid's rim."""
RIM, LASH = (0.6, 0.78), (0.6, 0.8)
"""Radii between which a spot of a lid's rim or of white, and a dark one, turns from iris into none."""
MOST_OUTSIDE = 0.4
"""Share of a bright spot that may lie outside of that."""
OUTLIER = 0.28, 0.55
"""Logarithm of brightness by which a texel differs from its ring: from the first on it may be no iris, from the second
on it is none."""
CATCH_LIGHT = 14.0
"""Brightness above its ring that the mirror of a texel may have: catch-lights are not mirrored."""


@dataclass(frozen=True, slots=True)
class Iris:
    """texture: (2n+1, 2n+1, 3) float32 RGB, centre in the middle, one texel a source pixel, no lid shadow;
    alpha: (2n+1, 2n+1) float32, 1 on the disc with a soft limbus; reach: n."""

    texture: Picture
    alpha: Field
    reach: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """Iris as far as the photo shows it.

    photo: (m, m, 3) without lid shadow; share: (m, m) 0 … 1, how surely a texel is iris and not lid, lash or white;
    rho: (m, m) distance from the centre in radii.
    """

    photo: Picture
    share: Field
    rho: Field


def complete(left: Eye, right: Eye) -> tuple[Iris, Iris]:
    """Both irises. What one eye hides of its colours the other lends, unless the two differ for sure."""
    views = [_view(eye) for eye in (left, right)]
    rings = [Rings.measure(view.photo, view.share, view.rho) for view in views]
    views = [_without_outliers(view, own) for view, own in zip(views, rings, strict=True)]
    rings = [Rings.measure(view.photo, view.share, view.rho) for view in views]
    light = float(skin_around(left).mean() / skin_around(right).mean())
    both = rings[0].completed_by(rings[1], light), rings[1].completed_by(rings[0], 1 / light)
    softness = (left.softness + right.softness) / (left.radius + right.radius)
    first, second = (_iris(view, own, softness) for view, own in zip(views, both, strict=True))
    return first, second


def _view(eye: Eye) -> _Seen:
    reach = int(np.ceil(eye.radius * 1.35))
    span = np.arange(-reach, reach + 1, dtype=np.float64)
    du, dv = np.meshgrid(span, span)
    u, v = du + eye.iris[0], dv + eye.iris[1]
    clear = ((eye.below_upper > 0.06 * eye.width) & (eye.above_lower > 0.03 * eye.width)).astype(np.float32)
    clear = cv2.GaussianBlur(clear, (0, 0), max(0.6, 0.012 * eye.width)).astype(np.float32)
    unshaded = eye.pixels / lid_shade(eye.below_upper, eye.width)[..., None]
    return _Seen(
        photo=eye.sample(unshaded, u, v),
        share=np.asarray(smoothstep(eye.sample(clear, u, v), 0.5, 1.0), np.float32),
        rho=(np.hypot(du, dv) / eye.radius).astype(np.float32),
    )


def _without_outliers(view: _Seen, rings: Rings) -> _Seen:
    """The view without lashes, rims and white that lie within the circle. A catch-light is iris."""
    brightness = np.log(view.photo.mean(-1) + 8) - np.log(rings.spread(view.rho).mean(-1) + 8)
    brightness = cv2.GaussianBlur(brightness.astype(np.float32), (0, 0), 0.8)
    bright = ((brightness > OUTLIER[0]) & (view.share > 0.1) & (view.rho < 1.1)).astype(np.uint8)
    _, spots = cv2.connectedComponents(bright)
    area = np.bincount(spots.ravel())
    outside = np.bincount(spots.ravel(), (view.rho > INSIDE).ravel()) / area
    outside[0] = 0  # not a spot
    rim = np.where((outside > MOST_OUTSIDE)[spots], smoothstep(view.rho, *RIM), 0)
    lash = np.where(brightness < 0, smoothstep(view.rho, *LASH), 0)
    doubt = smoothstep(np.abs(brightness), *OUTLIER) * np.maximum(rim, lash)
    return _Seen(view.photo, np.asarray(view.share * (1 - doubt), np.float32), view.rho)


def _iris(view: _Seen, rings: Rings, softness: float) -> Iris:
    plain = rings.spread(view.rho)
    mirror = np.minimum(view.photo[::-1], plain + CATCH_LIGHT)
    mirrored = 0.6 * view.share[::-1][..., None]
    filling = plain * (1 - mirrored) + mirror * mirrored
    seen = view.share[..., None]
    texture = view.photo * seen + filling * (1 - seen)
    limbus = smoothstep(view.rho, *LIMBUS)[..., None]
    texture = texture * (1 - limbus) + np.minimum(texture, plain) * limbus
    rim = float(np.clip(softness, *SOFTNESS))
    alpha = 1 - smoothstep(view.rho, 1 - rim, 1 + rim)
    return Iris(np.clip(texture, 0, 255).astype(np.float32), alpha.astype(np.float32), len(alpha) // 2)
