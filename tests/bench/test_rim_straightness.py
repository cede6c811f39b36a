from __future__ import annotations

import cv2
import numpy as np
import pytest

from gpuworker.vision.region import Picture, Points
from tests.bench.masks import Line, lines
from tests.bench.rim_straightness import straightness

TURN = np.linspace(0, 2 * np.pi, 120)
RIM = np.stack([80 + 45 * np.cos(TURN), 60 + 30 * np.sin(TURN)], axis=-1)
SHIFT = np.array([1.5, -4.0])


def picture(rim: Points) -> Picture:
    mask = lines((120, 160), [Line(rim, 2.0)])
    grey = np.round(190 - 150 * cv2.GaussianBlur(mask, (0, 0), 0.7)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def bent(depth: float) -> Points:
    """The rim moved, smaller and arched by so many pixels at its top."""
    return RIM * (1.0, 0.95) + SHIFT - np.stack([0 * TURN, depth * np.maximum(-np.sin(TURN), 0) ** 2], axis=-1)


@pytest.mark.parametrize(("depth", "low", "high"), [(0.0, 0.0, 0.15), (4.0, 0.3, 1.5)])
def test_a_rim_that_arches_is_told_from_one_that_moves(depth: float, low: float, high: float) -> None:
    foretold = np.broadcast_to(SHIFT, RIM.shape)
    found = straightness(picture(RIM), picture(bent(depth)), [RIM], [foretold])
    assert found is not None
    assert low <= found.rms <= high


def test_a_rim_that_is_not_seen_again_is_not_judged() -> None:
    empty = np.full((120, 160, 3), 190, np.uint8)
    assert straightness(picture(RIM), empty, [RIM], [np.zeros(RIM.shape)]) is None
