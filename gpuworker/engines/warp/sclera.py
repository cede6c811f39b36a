"""The white of the eye, also where the iris hides it in the photo.

A robust low-order surface through the visible white, with the upper lid's shadow divided out, and
the photo's own pixels wherever they can be seen. Revealed white is never brighter than visible
white, and both eyes get the same ratio to the skin around them: the biggest visible gain of all.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.smooth import Field, smoothstep

Picture = NDArray[np.float32]

LID_SHADOW, LID_SHADOW_DEPTH = 0.62, 0.070
CORNER_SHADE = 0.12
"""Share by which invented white is darker in the corners, where the ball turns away."""
BRIGHTEST = 85
"""Percentile of the visible white's brighter two thirds that no invented white exceeds."""
LEAST_LIKENESS = -0.1
"""From which on a pixel beside the iris is one that its circle missed, as of a dark limbal ring."""
MOST_LIKENESS = 0.1
"""To which a pixel counts as white when its colour is learnt."""
LEAST_SAMPLES = 12
ENOUGH_SAMPLES = 40
"""Source pixels of visible white: below the first there is nothing to fit, from the second on one can choose."""


def lid_shade(below_upper: Field, width: float) -> Field:
    """(h, w) 0.66 … 1: the shadow that the upper lid throws, by pixels below its margin."""
    depth = np.maximum(below_upper, 0) / (LID_SHADOW_DEPTH * width)
    return np.asarray(1 - LID_SHADOW * np.exp(-depth), np.float32)


def reconstruct(eye: Eye) -> Picture:
    """(h, w, 3) float32 0 … 255: the white without its lid shadow, over the whole box."""
    w = eye.width
    unshaded = eye.pixels / lid_shade(eye.below_upper, w)[..., None]
    model = _surface(eye, unshaded)
    inside = (eye.below_upper > 0) & (eye.above_lower > 0) & (np.abs(eye.u) < 0.5 * w)
    hidden = (eye.from_iris < 1.2 * eye.radius) | (eye.below_upper < 0.05 * w) | (eye.above_lower < 0.03 * w)
    hidden |= (eye.likeness > LEAST_LIKENESS) & (eye.from_iris < 1.6 * eye.radius)
    known = (inside & ~hidden).astype(np.float32)
    residual = cv2.GaussianBlur((unshaded - model) * known[..., None], (0, 0), 0.05 * w)
    weight = cv2.GaussianBlur(known, (0, 0), 0.05 * w)
    spread = residual / np.maximum(weight, 0.25)[..., None]
    keep = cv2.GaussianBlur(known, (0, 0), max(0.8, 0.015 * w))
    keep = (np.clip(keep * 2 - 1, 0, 1) * known)[..., None]
    seen = np.minimum(unshaded, model * 1.08 + 6)  # a highlight is not the colour of the white
    invented = _dimmed(eye, model + spread, inside & ~hidden)
    return np.asarray(np.clip(invented + (seen - invented) * keep, 0, 255), np.float32)


def _dimmed(eye: Eye, white: NDArray[np.floating], known: NDArray[np.bool_]) -> Picture:
    """White that the photo does not show: no brighter than what it shows, and darker towards the corners."""
    corners = 1 - CORNER_SHADE * smoothstep(np.abs(eye.u) / eye.width, 0.20, 0.50)
    if known.sum() <= LEAST_SAMPLES:
        return np.asarray(white * corners[..., None], np.float32)
    luma = np.maximum(white.mean(-1), 1)
    most = np.percentile(eye.pixels.mean(-1)[_brighter(eye, known)], BRIGHTEST)
    return np.asarray(white * (corners * np.minimum(1, most / luma))[..., None], np.float32)


def _visible(eye: Eye, from_lids: tuple[float, float] = (0.055, 0.035)) -> NDArray[np.bool_]:
    """White that the photo shows, so many eye widths clear of the upper and the lower lid."""
    w = eye.width
    return np.asarray(
        (eye.below_upper > from_lids[0] * w)
        & (eye.above_lower > from_lids[1] * w)
        & (np.abs(eye.u) < 0.44 * w)
        & (eye.from_iris > 1.13 * eye.radius)
        & ((eye.likeness < MOST_LIKENESS) | (eye.from_iris > 1.6 * eye.radius))
    )


def _surface(eye: Eye, unshaded: Picture) -> Picture:
    """A regularised fit of 1, u, v, u² to the brighter two thirds of the visible white.

    Well clear of the lids where that leaves enough of it: a lit lower lid's rim is brighter than
    any white, and would shine through as a sliver under a raised iris.
    """
    w = eye.width
    visible, clear = _visible(eye), _visible(eye, from_lids=(0.08, 0.10))
    if visible.sum() <= LEAST_SAMPLES:
        skin = np.median(eye.pixels[eye.below_upper < -0.1 * w], axis=0)
        return np.broadcast_to(np.clip(skin, 90, 225), unshaded.shape).astype(np.float32)
    bright = _brighter(eye, visible)
    cap = np.percentile(eye.pixels[bright], 88, axis=0)
    if clear.sum() >= ENOUGH_SAMPLES:
        bright = _brighter(eye, clear)
        cap = np.minimum(cap, np.percentile(eye.pixels[bright], 88, axis=0))
    basis = np.stack([np.ones_like(eye.u), eye.u / w, eye.v / w, (eye.u / w) ** 2], axis=-1)
    samples = basis[bright]
    ridge = np.diag([0, 0.02, 0.3, 0.3]) * bright.sum() * 0.15
    model = basis @ np.linalg.solve(samples.T @ samples + ridge, samples.T @ unshaded[bright])
    low = np.percentile(unshaded[bright], 10, axis=0)
    high = np.maximum(np.minimum(np.percentile(unshaded[bright], 85, axis=0), 1.04 * cap), low + 1)
    return np.asarray(np.clip(model, low, high), np.float32)


def _brighter(eye: Eye, visible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The brighter two thirds of it: lashes and vessels are not the white's own colour."""
    luma = eye.pixels.mean(-1)
    return np.asarray(visible & (luma >= np.percentile(luma[visible], 35)))


def match(eyes: tuple[Eye, Eye], whites: tuple[Picture, Picture]) -> tuple[Picture, Picture]:
    """Give both whites one brightness ratio to the skin around them, mostly where white is newly revealed."""
    skins = [_skin(eye) for eye in eyes]
    brights = [
        max(1.0, float(np.percentile(white.mean(-1)[_opening(eye)], 75)))
        for eye, white in zip(eyes, whites, strict=True)
    ]
    ratios = [bright / skin for bright, skin in zip(brights, skins, strict=True)]
    target = min(float(np.sqrt(ratios[0] * ratios[1])), 1.12 * min(ratios))
    matched = [
        _scaled(eye, white, float(np.clip(target * skin / bright, 0.72, 1.08)))
        for eye, white, skin, bright in zip(eyes, whites, skins, brights, strict=True)
    ]
    return matched[0], matched[1]


def _opening(eye: Eye) -> NDArray[np.bool_]:
    return (eye.below_upper > 0) & (eye.above_lower > 0) & (np.abs(eye.u) < 0.5 * eye.width)


def _skin(eye: Eye) -> float:
    """Median brightness of the lids' skin close to the eye."""
    w, up, low = eye.width, eye.below_upper, eye.above_lower
    ring = ((up < -0.10 * w) & (up > -0.30 * w)) | ((low < -0.08 * w) & (low > -0.25 * w))
    return max(1.0, float(np.median(eye.pixels.mean(-1)[ring & (np.abs(eye.u) < 0.45 * w)])))


def _scaled(eye: Eye, white: Picture, factor: float) -> Picture:
    seen = cv2.GaussianBlur(_visible(eye).astype(np.float32), (0, 0), 0.03 * eye.width)
    weight = (np.clip(1 - seen, 0, 1) * 0.7 + 0.3)[..., None]
    return np.asarray(np.clip(white * (1 + (factor - 1) * weight), 0, 255), np.float32)
