"""One convolution of pictures in the place of one of volumes and one of pictures laid flat."""

import pytest
import torch
from torch import nn

from gpuworker.engines.liveportrait.compilation.conv3d_as_2d import MaskAndOcclusion, rounded_up
from tests.gpuworker.engines.liveportrait.seeded import draw

CHANNELS, CANDIDATES, DEPTH = 6, 5, 4


def both() -> tuple[nn.Conv3d, nn.Conv2d]:
    mask, occlusion = nn.Conv3d(CHANNELS, CANDIDATES, 7, padding=3), nn.Conv2d(CHANNELS * DEPTH, 1, 7, padding=3)
    for index, conv in enumerate((mask, occlusion)):
        for name, tensor in conv.named_parameters():
            tensor.data = torch.from_numpy(draw(f"{index}/{name}", tuple(tensor.shape)))
    return mask.requires_grad_(False), occlusion.requires_grad_(False)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
def test_it_answers_what_the_two_answer(layout: torch.memory_format) -> None:
    mask, occlusion = (conv.double() for conv in both())
    prediction = torch.from_numpy(draw("prediction", (2, CHANNELS, DEPTH, 9, 10))).double().to(memory_format=layout)
    found_mask, found_occlusion = MaskAndOcclusion(mask, occlusion)(prediction)
    assert (found_mask - mask(prediction)).abs().max() < 1e-10
    assert (found_occlusion - occlusion(prediction.flatten(1, 2))).abs().max() < 1e-10


def test_what_it_made_of_the_slices_is_added_up_in_32_bits() -> None:
    merged = MaskAndOcclusion(*both()).to(torch.bfloat16)
    prediction = torch.zeros(1, CHANNELS, DEPTH, 8, 8, dtype=torch.bfloat16)
    assert {made.dtype for made in merged(prediction)} == {torch.float32}


def test_its_outputs_come_by_eights() -> None:
    merged = MaskAndOcclusion(*both())
    assert merged.conv.out_channels == rounded_up(7 * CANDIDATES + DEPTH) == 40
    assert [rounded_up(count) for count in (1, 8, 110, 142, 170)] == [8, 8, 112, 144, 176]


def test_without_a_bias_there_is_nothing_to_merge() -> None:
    mask, occlusion = both()
    mask.bias = None
    with pytest.raises(ValueError, match="bias"):
        MaskAndOcclusion(mask, occlusion)
