import numpy as np
import pytest
import torch

from gpuworker.engines.liveportrait.alignment import SIDE, Alignment
from gpuworker.engines.liveportrait.matte import Matte, flow_of
from gpuworker.engines.liveportrait.nets.dense_motion import coordinate_grid
from gpuworker.engines.liveportrait.pasting import Paste
from gpuworker.vision.framing import FramedPortrait

STILL = coordinate_grid((16, 64, 64), torch.zeros(1))[None]


def rectangle(framed: FramedPortrait) -> np.ndarray:
    alpha = np.zeros(framed.picture.shape[:2], np.uint8)
    alpha[350:500, 320:500] = 255
    return alpha


@pytest.fixture
def matte(framed: FramedPortrait) -> Matte:
    alignment = Alignment.of(framed)
    return Matte(rectangle(framed), alignment, Paste(framed, alignment, torch.device("cpu")))


def test_the_grid_itself_moves_nothing() -> None:
    assert not flow_of(STILL).any()


def test_a_still_head_keeps_its_matte(framed: FramedPortrait, matte: Matte) -> None:
    still = matte.frames(STILL)[0, 0].numpy()
    assert np.abs(still - rectangle(framed)[::2, ::2] / 255).mean() < 0.01


@pytest.mark.parametrize(("axis", "direction"), [(0, 1), (0, -1), (1, 1), (1, -1)])
def test_the_matte_moves_as_far_as_the_features(
    framed: FramedPortrait, matte: Matte, axis: int, direction: int
) -> None:
    """Features that are taken from 20 pixels of the square farther left appear 20 farther right."""
    pixels = 20 * direction
    taken = STILL.clone()
    taken[..., axis] -= pixels * 2 / SIDE
    before, after = (middle(matte.frames(each)[0, 0].numpy()) for each in (STILL, taken))
    moved = (after - before) @ Alignment.of(framed).to_square[:, :2].T * 2
    assert moved[axis] == pytest.approx(pixels, abs=0.6)
    assert moved[1 - axis] == pytest.approx(0, abs=0.6)


def middle(alpha: np.ndarray) -> np.ndarray:
    """Its centre of mass, x and y."""
    rows, cols = np.indices(alpha.shape)
    return np.array([(cols * alpha).sum(), (rows * alpha).sum()]) / alpha.sum()
