"""Removal of the background: one matte of the portrait's picture, which the engines then move.

Where a matting model is configured, it makes the matte (gpuworker/vision/matting_model.py). Elsewhere the
bundled segmentation does, which knows a person only roughly: its edge is moved to the picture's own.
Colours beside the edge are mixed with the old background; they are replaced by the person's, so that
no halo of it shows on a new one.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.vision import matting_model, segmentation
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.guided_filter import guided_filter

BUNDLED = "The background was removed with the simple segmentation that comes with us; fine hair may look cut."

SURE, NEITHER = 0.95, 0.05
"""Levels of the segmentation: above the first it is surely the person, below the second surely not."""
BAND = 0.012
"""Error of the segmentation's edge at most, of the picture's width."""
WINDOW = 0.008
"""Radius of the guided filter's windows, of the picture's width."""
FLAT = 2e-4
STEEPER = (0.22, 0.97)
"""The refined matte is stretched so that these become 0 and 1: less is haze, and the rim is rather lost than kept."""

SPREADS = (0.08, 0.012)
"""Radii over which the person's colours are carried outwards, of the picture's width, coarse to fine."""


def remove_background(portrait: FramedPortrait) -> tuple[FramedPortrait, tuple[str, ...]]:
    """The portrait with alpha and clean colours, and advice about how it was made. One inference.

    Raises what matting_model.matte raises where a model is configured.
    """
    model = matting_model.configured()
    alpha = model.matte(portrait.picture) if model else _refined(portrait.picture)
    if portrait.alpha is not None:
        alpha = np.minimum(alpha, _unit(portrait.alpha))
    picture = _own_colours(portrait.picture, alpha)
    return (
        replace(portrait, picture=picture, alpha=np.round(alpha * 255).astype(np.uint8)),
        model.advice if model else (BUNDLED,),
    )


def _refined(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W) float32, 0 … 1: the bundled segmentation at the picture's full resolution."""
    rough = segmentation.person_mask(picture)
    width = picture.shape[1]
    band = max(1, round(BAND * width))
    sure = cv2.erode((rough > SURE).astype(np.uint8), _disc(band)).astype(bool)
    none = cv2.erode((rough < NEITHER).astype(np.uint8), _disc(band)).astype(bool)
    guide = _unit(picture)
    fine = guided_filter(guide, _by_colour(guide, rough, sure, none, band), max(1, round(WINDOW * width)), FLAT)
    low, high = STEEPER
    stretched = np.clip((fine - low) / (high - low), 0, 1)
    return np.where(sure, 1, np.where(none, 0, stretched)).astype(np.float32)


def _by_colour(
    guide: NDArray[np.float32],
    rough: NDArray[np.float32],
    sure: NDArray[np.bool_],
    none: NDArray[np.bool_],
    band: int,
) -> NDArray[np.float32]:
    """Between sure and none, whose colours a pixel has; the segmentation where both have the same."""
    person, _ = _carried(guide, sure.astype(np.float32), 3 * band)
    behind, _ = _carried(guide, none.astype(np.float32), 3 * band)
    apart = person - behind
    distance = (apart**2).sum(axis=-1)
    share = np.clip(((guide - behind) * apart).sum(axis=-1) / np.maximum(distance, 1e-4), 0, 1)
    trust = distance / (distance + 0.02)
    mixed = trust * share + (1 - trust) * rough
    return np.where(sure, 1, np.where(none, 0, mixed)).astype(np.float32)


def _own_colours(picture: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture as if the person's colours went on behind the edge.

    Where alpha is between, what was mixed is taken apart: colour = alpha · person + (1 − alpha) · behind.
    """
    colours = _unit(picture)
    person = np.full_like(colours, (colours * alpha[..., None]).sum(axis=(0, 1)) / max(1.0, float(alpha.sum())))
    behind = colours
    for share in SPREADS:
        radius = max(1, round(share * picture.shape[1]))
        near, weight = _carried(colours, alpha, radius)
        person = np.where(weight[..., None] > 0.01, near, person).astype(np.float32)
        behind, _ = _carried(colours, 1 - alpha, radius)
    rest = colours - alpha[..., None] * person - (1 - alpha[..., None]) * behind
    apart = np.clip(person + alpha[..., None] * rest, 0, 1)
    own = np.where(alpha[..., None] >= 1, colours, apart)
    return np.asarray(np.round(own * 255), np.uint8)


def _carried(
    colours: NDArray[np.float32], weight: NDArray[np.float32], radius: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean colour of what has weight nearby, and how much of that there is."""
    size = (2 * radius + 1, 2 * radius + 1)
    total = np.asarray(cv2.blur(weight, size), np.float32)
    mean = np.asarray(cv2.blur(colours * weight[..., None], size), np.float32)
    return (mean / np.maximum(total, 1e-4)[..., None]).astype(np.float32), total


def _unit(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """0 … 255 as 0 … 1."""
    return (pixels / np.float32(255)).astype(np.float32)


def _disc(radius: int) -> NDArray[np.uint8]:
    size = (2 * radius + 1, 2 * radius + 1)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size), np.uint8)
