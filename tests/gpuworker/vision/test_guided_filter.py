import numpy as np
import pytest

from gpuworker.vision.guided_filter import guided_filter


def halves(noise: float = 0.0) -> np.ndarray:
    """(60, 80, 3): dark left of column 40, light from there on."""
    picture = np.full((60, 80, 3), 0.2, np.float32)
    picture[:, 40:] = 0.8
    picture += noise * np.random.default_rng(1).standard_normal(picture.shape).astype(np.float32)
    return picture


def ramp() -> np.ndarray:
    """A mask that is unsure between columns 30 and 46 and wrong about the middle."""
    return np.tile(np.clip((np.arange(80, dtype=np.float32) - 30) / 16, 0, 1), (60, 1))


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_soft_edge_moves_to_the_pictures_own(noise: float) -> None:
    fine = guided_filter(halves(noise), ramp(), 12, 1e-3)
    row = fine[10:50].mean(axis=0)
    jumps = np.abs(np.diff(row))
    assert jumps.argmax() == 39
    assert jumps.max() > 5 * np.sort(jumps)[-2]


def test_where_the_picture_is_flat_the_mask_is_only_blurred() -> None:
    flat = np.full((60, 80, 3), 0.5, np.float32)
    fine = guided_filter(flat, ramp(), 5, 1e-3)
    assert np.abs(np.diff(fine[30])).max() < 0.1
    assert fine.mean() == pytest.approx(ramp().mean(), abs=0.01)


def test_an_even_mask_stays_as_it_is() -> None:
    assert np.abs(guided_filter(halves(0.1), np.full((60, 80), 0.7, np.float32), 8, 1e-3) - 0.7).max() < 1e-4


def test_an_edge_of_colour_counts_though_it_is_as_bright() -> None:
    picture = np.zeros((60, 80, 3), np.float32)
    picture[:, :40, 0] = picture[:, 40:, 1] = 0.6
    assert np.abs(np.diff(guided_filter(picture, ramp(), 12, 1e-3)[30])).argmax() == 39
