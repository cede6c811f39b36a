"""The white of the eye, also where the iris hides it in the photo.

A robust low-order surface through the visible white, with the upper lid's shadow divided out, and
the photo's own pixels wherever they can be seen, whose veins and grain go on beside them. Revealed white is never
brighter than visible white, and both eyes get the same ratio of light and of hue to the skin around them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.smooth import Field, smoothstep

Picture = NDArray[np.float32]
Colour = NDArray[np.float64]

LID_SHADOW, LID_SHADOW_DEPTH = 0.62, 0.070
CORNER_SHADE = 0.20
"""Share by which invented white is darker in the corners, where the ball turns away."""
BRIGHTEST = 50
"""Percentile of the visible white's brighter two thirds that no invented white exceeds."""
RIM = 0.88
"""Share of the white's brightness below which a pixel beside the iris is the limbus, drawn out by a soft photo."""
FEATHER = 0.025
"""Eye widths over which the photo's white turns into invented white."""
BRIGHT_PART, MORE = 70, 1.04
"""Percentile of all that lies between the lids beside the iris, shaded white and corners with it, and the share of it
that no invented white exceeds: beside deep shade a white as bright as in the light glares."""
FAR, GRAIN = 0.22, (-0.10, 0.03)
"""Eye widths over which the grain of visible white fades out in invented white, and the greatest shares of brightness
that it takes and gives there."""
GREENEST = 0.11
"""Logarithm by which white may be greener than the light on the skin: what leaves and screens throw on a white, and
what the dark of an iris mixes in."""
ONE_HUE, OWN_HUE = 0.8, 0.6
"""Share in which invented white takes the hue that both eyes share, and what is left of its own where the photo shows
enough of it."""
LEAST_LIKENESS = -0.1
"""From which on a pixel beside the iris is one that its circle missed, as of a dark limbal ring."""
MOST_LIKENESS = 0.1
"""To which a pixel counts as white when its colour is learnt."""
BRIGHTER = 1.03
"""Greatest factor by which a white gets brighter to match the other one."""
LEAST_SURE, SURE, SHOWN = 0.72, 0.92, (0.01, 0.035)
"""Least factors where the photo shows next to nothing of a white and where it shows enough, and the share of the eye's
squared width from which to which that is."""
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
    hidden |= (unshaded.mean(-1) < RIM * model.mean(-1)) & (eye.from_iris < 1.5 * eye.radius)
    known = (inside & ~hidden).astype(np.float32)
    residual = cv2.GaussianBlur((unshaded - model) * known[..., None], (0, 0), 0.05 * w)
    weight = cv2.GaussianBlur(known, (0, 0), 0.05 * w)
    spread = residual / np.maximum(weight, 0.25)[..., None]
    keep = cv2.GaussianBlur(known, (0, 0), max(0.8, FEATHER * w))
    keep = (np.clip(keep * 2 - 1, 0, 1) * known)[..., None]
    plain = _dimmed(eye, model + spread, inside & ~hidden)
    seen = np.minimum(unshaded, plain * 1.10 + 5)  # a highlight is not the colour of the white
    detail = (seen / np.maximum(plain, 1)).mean(-1) - 1
    invented = plain * _grain(detail * keep[..., 0], known, w)
    return np.asarray(np.clip(invented + (seen - invented) * keep, 0, 255), np.float32)


def _grain(detail: Field, known: Field, width: float) -> Picture:
    """(h, w, 1): brightness of the visible white's veins and grain, mirrored at its border into what is not seen."""
    if known.sum() <= LEAST_SAMPLES:
        return np.ones((*known.shape, 1), np.float32)
    far, nearest = cv2.distanceTransformWithLabels(
        (known == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(known)
    at = nearest - 1  # labels number the known pixels row by row, from 1 on
    y, x = np.indices(known.shape)
    height, breadth = known.shape
    mirrored = (2 * rows[at] - y).clip(0, height - 1), (2 * columns[at] - x).clip(0, breadth - 1)
    share = known[mirrored] * np.exp(-far / (FAR * width))
    grain = np.clip(detail[mirrored], *GRAIN) * share
    return np.asarray(1 + cv2.GaussianBlur(grain.astype(np.float32), (0, 0), 0.7), np.float32)[..., None]


def _dimmed(eye: Eye, white: NDArray[np.floating], known: NDArray[np.bool_]) -> Picture:
    """White that the photo does not show: no brighter than what it shows, and darker towards the corners."""
    corners = 1 - CORNER_SHADE * smoothstep(np.abs(eye.u) / eye.width, 0.20, 0.50)
    if known.sum() <= LEAST_SAMPLES:
        return np.asarray(white * corners[..., None], np.float32)
    luma = np.maximum(white.mean(-1), 1)
    light = eye.pixels.mean(-1)
    most = np.percentile(light[_brighter(eye, known)], BRIGHTEST)
    most = min(most, MORE * np.percentile(light[_beside_iris(eye)], BRIGHT_PART))
    return np.asarray(white * (corners * np.minimum(1, most / luma))[..., None], np.float32)


def _beside_iris(eye: Eye) -> NDArray[np.bool_]:
    """All that the photo shows between the lids beside the iris, in light or in shade."""
    w = eye.width
    middle = (eye.upper + eye.lower) / 2
    inside = np.abs(eye.v - middle) < 0.78 * (eye.lower - eye.upper) / 2
    return np.asarray(inside & (np.abs(eye.u) < 0.5 * w) & (eye.from_iris > 1.2 * eye.radius))


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
    """Give both whites one ratio of brightness and of hue to the skin around them, mostly where they are revealed."""
    skins = [skin_around(eye) for eye in eyes]
    brights = [
        max(1.0, float(np.percentile(white.mean(-1)[_opening(eye)], 75)))
        for eye, white in zip(eyes, whites, strict=True)
    ]
    ratios = [bright / float(skin.mean()) for bright, skin in zip(brights, skins, strict=True)]
    target = min(float(np.sqrt(ratios[0] * ratios[1])), 1.12 * min(ratios))
    first, second = (
        _scaled(eye, white, np.clip(target / ratio, LEAST_SURE + (SURE - LEAST_SURE) * _shown(eye), BRIGHTER) * tint)
        for eye, white, ratio, tint in zip(eyes, whites, ratios, _tints(eyes, whites, skins), strict=True)
    )
    return first, second


def _shown(eye: Eye) -> float:
    """0 … 1: how much of its white the photo shows, and so how sure its light and hue are."""
    return float(smoothstep(float(_visible(eye).sum()) / eye.width**2, *SHOWN))


def _tints(eyes: tuple[Eye, Eye], whites: tuple[Picture, Picture], skins: list[Colour]) -> list[Colour]:
    """(3,) factors that give each white the hue that both have beside their skin, and no greener one."""
    hues = [
        _hue(np.median(white[_opening(eye)], axis=0)) - _hue(skin)
        for eye, white, skin in zip(eyes, whites, skins, strict=True)
    ]
    seen = [float(_visible(eye).sum() + LEAST_SAMPLES) * float(eye.pixels.mean() + 1) for eye in eyes]
    shared = _less_green((hues[0] * seen[0] + hues[1] * seen[1]) / sum(seen))
    own = [_less_green(hue) for hue in hues]
    share = [OWN_HUE * _shown(eye) for eye in eyes]
    return [
        np.exp(ONE_HUE * (shared + (less - shared) * kept - hue))
        for hue, less, kept in zip(hues, own, share, strict=True)
    ]


def _less_green(hue: Colour) -> Colour:
    """A hue of white beside skin that is not greener than whites are."""
    green = max(0.0, float(hue[1] - (hue[0] + hue[2]) / 2) - GREENEST)
    return np.asarray(hue + green * np.array([1, -2, 1]) / 3, np.float64)


def _hue(colour: Colour) -> Colour:
    """(3,) logarithms of the channels without their mean."""
    logarithms = np.log(np.maximum(colour, 1.0))
    return np.asarray(logarithms - logarithms.mean(), np.float64)


def _opening(eye: Eye) -> NDArray[np.bool_]:
    return (eye.below_upper > 0) & (eye.above_lower > 0) & (np.abs(eye.u) < 0.5 * eye.width)


def skin_around(eye: Eye) -> Colour:
    """(3,) median colour of the lids' skin close to the eye."""
    w, up, low = eye.width, eye.below_upper, eye.above_lower
    ring = ((up < -0.10 * w) & (up > -0.30 * w)) | ((low < -0.08 * w) & (low > -0.25 * w))
    return np.maximum(np.median(eye.pixels[ring & (np.abs(eye.u) < 0.45 * w)], axis=0), 1.0)


def _scaled(eye: Eye, white: Picture, factor: Colour) -> Picture:
    seen = cv2.GaussianBlur(_visible(eye).astype(np.float32), (0, 0), 0.03 * eye.width)
    weight = (np.clip(1 - seen, 0, 1) * 0.7 + 0.3)[..., None]
    return np.asarray(np.clip(white * (1 + (factor - 1) * weight), 0, 255), np.float32)
