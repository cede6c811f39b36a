from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gpuworker.engines.liveportrait.compilation.folding import fold, merge_motion
from gpuworker.engines.liveportrait.nets.blocks import ResBlock3d, SpectralConv2d
from gpuworker.engines.liveportrait.nets.spade_generator import SPADEGenerator
from gpuworker.engines.liveportrait.nets.warping_module import WarpingModule
from tests.gpuworker.engines.liveportrait.checkpoints import NETS
from tests.gpuworker.engines.liveportrait.seeded import draw, keypoints, picture, seeded, shapes_of
from tests.gpuworker.engines.liveportrait.tiny import TINY


def tiny(name: str) -> nn.Module:
    """With statistics and affine norms that are not the neutral ones."""
    net = NETS[name](TINY)
    state = seeded(name, shapes_of(net))
    for key in state:
        if key.endswith("running_mean"):
            state[key] = torch.from_numpy(draw(key, tuple(state[key].shape)))
        if key.endswith("running_var"):
            state[key] = 1 + torch.from_numpy(draw(key, tuple(state[key].shape))).abs()
    net.load_state_dict(state)
    return net.double().eval()


INPUTS: dict[str, Callable[[nn.Module], torch.Tensor]] = {
    "appearance_feature_extractor": lambda net: net(picture("portrait", 64).double()),
    "warping_module": lambda net: (
        net(
            torch.from_numpy(draw("v", (1, TINY.volume_channels, TINY.volume_depth, 32, 32))).double(),
            *(points.double() for points in keypoints(1)),
        ).features
    ),
    "spade_generator": lambda net: net(torch.from_numpy(draw("f", (1, 4 * TINY.width, 8, 8))).double()),
}


@pytest.mark.parametrize("name", INPUTS)
def test_a_folded_net_is_the_same_function(name: str) -> None:
    net = tiny(name)
    before = INPUTS[name](net)
    after = INPUTS[name](fold(net))
    assert before.std() > 1e-3
    # The folded bias of a mask may be rounded differently; in 64 bits that is all there is.
    assert (before - after).abs().max() < 1e-10


def test_nothing_of_training_is_left_but_the_norms_ahead_of_a_convolution() -> None:
    assert not any(isinstance(part, nn.BatchNorm3d) for part in fold(WarpingModule(TINY)).modules())
    assert not any(isinstance(part, SpectralConv2d) for part in fold(SPADEGenerator(TINY)).modules())
    kept = fold(NETS["appearance_feature_extractor"](TINY)).modules()
    blocks = [part for part in kept if isinstance(part, ResBlock3d)]
    assert all(isinstance(block.norm1, nn.BatchNorm3d) for block in blocks)


def test_the_middle_reads_its_features_once() -> None:
    generator = fold(SPADEGenerator(TINY))
    seen: list[str] = []
    for name, part in generator.named_modules():
        if isinstance(part, nn.Conv2d) and part.in_channels == 4 * TINY.width and part.kernel_size == (3, 3):
            part.register_forward_hook(lambda *_, name=name: seen.append(name))
    INPUTS["spade_generator"](generator.double())
    middle = [name for name in seen if "middle" in name]
    assert middle == ["middle_labels.shared"]


def test_merged_for_tensor_cores_w_is_the_same_function() -> None:
    net = tiny("warping_module")
    before = INPUTS["warping_module"](net)
    folded = fold(net)
    assert isinstance(folded, WarpingModule)
    merge_motion(folded)
    assert folded.dense_motion_network.mask_and_occlusion is not None
    assert (before - INPUTS["warping_module"](folded)).abs().max() < 1e-10


def test_a_frame_of_the_official_size_costs_111_gigaflops_less() -> None:
    """On a device that only knows shapes. The unfolded figures are those of the paper's code; what W has more when
    it is merged fills tiles that a GPU computes anyway."""
    with torch.device("meta"):
        warping, generator = WarpingModule().eval(), SPADEGenerator().eval()
        before = gigaflops(warping, generator)
        after = gigaflops(fold(warping), fold(generator))
        merge_motion(warping)
        merged = gigaflops(warping, generator)
    assert before == pytest.approx((342.1, 891.6), abs=0.1)
    assert after == pytest.approx((342.1, 780.5), abs=0.1)
    assert merged == pytest.approx((366.0, 780.5), abs=0.1)


def gigaflops(warping: nn.Module, generator: nn.Module) -> tuple[float, float]:
    points = torch.zeros(1, 21, 3)
    with FlopCounterMode(display=False) as of_warping:
        features = warping(torch.zeros(1, 32, 16, 64, 64), points, points).features
    with FlopCounterMode(display=False) as of_generator:
        generator(features)
    return of_warping.get_total_flops() / 1e9, of_generator.get_total_flops() / 1e9


def test_the_last_blocks_read_their_features_once_and_before_they_are_enlarged() -> None:
    generator = fold(SPADEGenerator(TINY)).double()
    seen: dict[str, tuple[int, ...]] = {}
    for name, part in generator.named_modules():
        if name.startswith("up_") and isinstance(part, nn.Conv2d) and part.in_channels == 4 * TINY.width:
            part.register_forward_hook(lambda _, given, __, name=name: seen.update({name: given[0].shape[2:]}))
    INPUTS["spade_generator"](generator)
    labels = {name: size for name, size in seen.items() if "labels" in name}
    assert set(labels.values()) == {(8, 8)}
    assert {name.partition(".")[0] for name in labels} == {"up_0", "up_1"}
    assert not any("mlp_shared" in name for name in seen)


def test_a_net_cannot_be_folded_twice() -> None:
    with pytest.raises(ValueError, match="only once"):
        fold(fold(WarpingModule(TINY)))
