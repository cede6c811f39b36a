"""Enlarged by repetition and then convolved, or the other way round: the same sums."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gpuworker.engines.liveportrait.compilation.subpixel import UpConv
from tests.gpuworker.engines.liveportrait.seeded import draw

PICTURE = (2, 6, 5, 3)


def drawn(shape: tuple[int, ...], kind: torch.dtype) -> tuple[nn.Conv2d, Tensor]:
    """A convolution and what goes through it, the same for every precision."""
    conv = nn.Conv2d(shape[1], 8, 3, padding=1, dtype=kind).requires_grad_(False)
    conv.weight.copy_(torch.from_numpy(draw("weight", tuple(conv.weight.shape))) / 8)
    assert conv.bias is not None
    conv.bias.copy_(torch.from_numpy(draw("bias", (8,))))
    return conv, torch.from_numpy(draw("x", shape)).to(kind)


def repeated(conv: nn.Module, x: Tensor, factor: int) -> Tensor:
    right: Tensor = conv(functional.interpolate(x, scale_factor=factor)).relu()
    return right


@pytest.mark.parametrize(("kind", "within"), [(torch.float32, 3e-6), (torch.float64, 1e-14)])
@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("shape", [PICTURE, (1, 6, 1, 1), (1, 6, 1, 4)])
def test_it_is_the_convolution_of_the_repeated_picture(
    shape: tuple[int, ...], factor: int, kind: torch.dtype, within: float
) -> None:
    conv, x = drawn(shape, kind)
    right = repeated(conv, x, factor)
    found = UpConv(conv, factor)(x)
    assert found.shape == right.shape
    assert found.dtype == kind
    assert right.std() > 0.1
    assert (found - right).abs().max() <= within


@pytest.mark.parametrize("factor", [2, 4])
def test_it_keeps_the_layout_that_tensor_cores_read(factor: int) -> None:
    conv, x = drawn(PICTURE, torch.float32)
    made = UpConv(conv, factor).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    found = made(x.contiguous(memory_format=torch.channels_last))
    assert (found - repeated(conv, x, factor)).abs().max() <= 3e-6
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert UpConv(conv, factor)(x.contiguous()).is_contiguous()


def test_parts_are_the_channels_in_their_order_and_whole_tensors() -> None:
    conv, x = drawn(PICTURE, torch.float32)
    made = UpConv(conv, 4)
    parts = made.parts(x, 4)
    assert torch.equal(torch.cat(parts, dim=1), made(x))
    assert all(part.is_contiguous() and part.shape[1] == 2 for part in parts)


def test_there_are_as_few_products_as_it_says() -> None:
    conv, _ = drawn(PICTURE, torch.float32)

    def products(factor: int) -> float:
        """A pixel of the small picture, channel and channel."""
        return sum(each.numel() for each in UpConv(conv, factor).parameters() if each.ndim > 1) / (8 * 6)

    assert (products(2), products(4)) == (16, 25)


def test_a_convolution_without_a_bias_is_a_bug() -> None:
    with pytest.raises(ValueError, match="with a bias"):
        UpConv(nn.Conv2d(2, 2, 3, padding=1, bias=False), 2)
