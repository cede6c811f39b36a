"""What rounding explains, and what it does not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gpuworker.engines.liveportrait.compilation.comparison import Disagreement, Distance, Generated, compare

FRAMES = 4


def generated(levels: float = 0.0, bent: float = 0.0, frames: int = FRAMES) -> Generated:
    """Grey squares some levels brighter than the right ones, and deformations beside them."""
    return torch.full((frames, 3, 8, 8), 0.5 + levels / 255), torch.full((frames, 2, 4, 4, 3), bent)


def exact(volume: Tensor, source: Tensor, driving: Tensor) -> Generated:
    return generated(frames=len(driving))


def hold(compiled: Generated, plain: Generated) -> None:
    compare(compiled, plain, exact, torch.zeros(1), torch.zeros(1, 21, 3), torch.zeros(FRAMES, 21, 3))


def test_the_same_is_the_same() -> None:
    hold(generated(), generated())


def test_where_rounding_moves_nothing_two_levels_and_a_quarter_on_average_are_allowed() -> None:
    squares, bent = generated()
    squares[0, 0, 0, 0] += 1.9 / 255
    hold((squares, bent), generated())
    squares[0, 0, 0, 0] += 0.2 / 255
    with pytest.raises(Disagreement, match=r"2\.10 grey levels"):
        hold((squares, bent), generated())
    with pytest.raises(Disagreement, match=r"0\.300 on average"):
        hold(generated(levels=0.3), generated())


def test_where_the_nets_themselves_are_far_from_32_bits_the_compiled_form_may_be_as_far_from_them() -> None:
    hold(generated(levels=1.3), generated(levels=-1.4))
    hold(generated(bent=0.1), generated(bent=-0.06))


def test_further_than_rounding_explains_is_refused() -> None:
    with pytest.raises(Disagreement, match=r"rounding alone 1\.40, 1\.400"):
        hold(generated(levels=1.5), generated(levels=-1.4))
    with pytest.raises(Disagreement, match=r"deformations 0\.2400"):
        hold(generated(bent=0.18), generated(bent=-0.06))


def test_one_frame_in_the_middle_of_the_batch_is_enough() -> None:
    squares, bent = generated()
    squares[2] += 10 / 255
    with pytest.raises(Disagreement):
        hold((squares, bent), generated())


@pytest.mark.parametrize("which", range(3))
def test_what_is_not_a_number_is_refused_wherever_it_comes_from(which: int) -> None:
    nothing = float("nan")
    far, near = Distance(*(nothing if index == which else 0.0 for index in range(3))), Distance(0, 0, 0)
    assert not far.within(near)
    assert near.within(far), "no number allows no more than what is always allowed"
    assert not Distance(3.0, 0.3, 0.02).within(far)


def test_a_batch_of_one_frame_is_compared_too() -> None:
    one = torch.zeros(1, 21, 3)
    compare(generated(frames=1), generated(frames=1), exact, one, one, one)
