from __future__ import annotations

import numpy as np
import pytest

from tests.bench import fidelity

NOISE = np.random.default_rng(1).integers(0, 256, (60, 80), np.uint8)


def shifted(pixels: int) -> np.ndarray:
    return np.roll(NOISE, pixels, axis=1)


def test_a_frame_that_repeats_the_last_one_counts_as_still() -> None:
    frames = np.stack([NOISE, NOISE, shifted(1), shifted(1), shifted(2)])
    assert fidelity.motion(frames).still == 0.5


def test_a_jump_counts_in_pixels() -> None:
    smooth = np.stack([fidelity.cv2.GaussianBlur(shifted(step), (0, 0), 2) for step in (0, 1, 2, 4)])
    found = fidelity.motion(smooth)
    assert (found.still, found.usual, found.largest) == (0, pytest.approx(1, abs=0.3), pytest.approx(2, abs=0.5))


def test_only_the_box_is_judged() -> None:
    truth = np.repeat(NOISE[None, :, :, None], 3, axis=-1)
    shown = truth.copy()
    shown[:, :10] = 0
    assert fidelity.psnr(shown, truth, (0, 10, 80, 50)) > 100
    assert fidelity.psnr(shown, truth, (0, 0, 80, 50)) < 20


def test_a_softer_picture_has_less_gradient() -> None:
    picture = np.repeat(NOISE[None, :, :, None], 3, axis=-1)
    soft = fidelity.cv2.GaussianBlur(picture[0], (0, 0), 2)[None]
    assert fidelity.sobel(soft, (0, 0, 80, 60)) < 0.3 * fidelity.sobel(picture, (0, 0, 80, 60))
