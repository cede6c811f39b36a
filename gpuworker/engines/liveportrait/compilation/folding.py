"""The same functions in fewer steps: what only training needs is folded into the convolutions.

Spectral norms become plain weights, BatchNorm after a convolution becomes part of it, the two
convolutions of a SPADE become one, and so do the twelve that read the same features in the middle
of G and the three in each of its last blocks, which also come before the features are enlarged
(subpixel.py). All of it is exact but for rounding; folded nets no longer load checkpoints.

What only tensor cores gain from comes apart, in `merge_motion`: mask and occlusion of W as one
(conv3d_as_2d.py). It is as exact, and slower on a CPU.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from gpuworker.engines.liveportrait.compilation.conv3d_as_2d import MaskAndOcclusion, rounded_up
from gpuworker.engines.liveportrait.compilation.subpixel import UpConv
from gpuworker.engines.liveportrait.nets.blocks import DownBlock2d, DownBlock3d, SameBlock2d, SpectralConv2d, UpBlock3d
from gpuworker.engines.liveportrait.nets.dense_motion import DenseMotionNetwork
from gpuworker.engines.liveportrait.nets.hourglass import Decoder
from gpuworker.engines.liveportrait.nets.spade_generator import SPADE, SPADEGenerator, SPADEResnetBlock
from gpuworker.engines.liveportrait.nets.warping_module import WarpingModule

Conv = TypeVar("Conv", nn.Conv2d, nn.Conv3d)

BATCH_NORMS = (nn.BatchNorm2d, nn.BatchNorm3d)


def fold(net: nn.Module) -> nn.Module:
    """Fold every part of the net in place. Returns the net, for inference only."""
    net.eval().requires_grad_(False)
    for module in list(net.modules()):
        match module:
            case SameBlock2d() | DownBlock2d() | DownBlock3d() | UpBlock3d() | Decoder():
                _absorb(module.conv, module.norm)
                module.norm = nn.Identity()
            case DenseMotionNetwork():
                _absorb(module.compress, module.norm)
                module.norm = nn.Identity()
    _fold_spectral(net)
    if isinstance(net, SPADEGenerator):
        _merge(net)
    return net


def _absorb(conv: nn.Conv2d | nn.Conv3d, norm: nn.Module) -> None:
    """norm(conv(x)) becomes conv(x), computed in 64 bits."""
    if not isinstance(norm, BATCH_NORMS):
        raise ValueError("only a BatchNorm can be folded, and only once")
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None or conv.bias is None:
        raise ValueError("only a convolution with a bias and a norm with statistics can be folded")
    gain = norm.weight.double() / torch.sqrt(variance.double() + norm.eps)
    weight = conv.weight.double() * gain.reshape(-1, *[1] * (conv.weight.ndim - 1))
    bias = (conv.bias.double() - mean.double()) * gain + norm.bias.double()
    conv.weight.data.copy_(weight)
    conv.bias.data.copy_(bias)


def _fold_spectral(net: nn.Module) -> None:
    for parent in list(net.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, SpectralConv2d):
                setattr(parent, name, child.folded().requires_grad_(False))


def merge_motion(warping: WarpingModule) -> None:
    """Mask and occlusion become one; empty channels fill the candidates up to what tensor cores take as it is."""
    motion = warping.dense_motion_network
    first, decoder = motion.hourglass.encoder.first, motion.hourglass.decoder
    candidates = first.conv.in_channels
    motion.spare = spare = rounded_up(candidates) - candidates
    first.conv = _widened(first.conv, spare, 0)
    decoder.conv = _widened(decoder.conv, spare, spare)  # the empty ones come last by the bridge, and stay empty
    both = MaskAndOcclusion(motion.mask, motion.occlusion)
    both.conv = _widened(both.conv, spare, 0)
    motion.mask_and_occlusion = both
    del motion.mask, motion.occlusion


def _widened(conv: Conv, inputs: int, outputs: int) -> Conv:
    """The convolution with so many more channels, of which it reads nothing and into which it writes zeros."""
    made = type(conv)(
        conv.in_channels + inputs,
        conv.out_channels + outputs,
        conv.kernel_size[0],
        padding=conv.kernel_size[0] // 2,
        bias=conv.bias is not None,
        dtype=conv.weight.dtype,
        device=conv.weight.device,
    )
    made.requires_grad_(False)
    made.weight.data.zero_()
    made.weight.data[: conv.out_channels, : conv.in_channels] = conv.weight.data
    if made.bias is not None and conv.bias is not None:
        made.bias.data.zero_()
        made.bias.data[: conv.out_channels] = conv.bias.data
    return made


class _MergedSPADE(SPADE):
    """A SPADE whose scale and shift come from one convolution."""

    def __init__(self, spade: SPADE) -> None:
        nn.Module.__init__(self)  # its own tensors would be thrown away
        self.mlp_shared = spade.mlp_shared
        self.mlp_both = _beside(spade.mlp_gamma, spade.mlp_beta)

    def scale_and_shift(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = self.mlp_both(labels).chunk(2, dim=1)
        return scale, shift


class _MergedMiddle(nn.Module):
    """The labels of all middle blocks at once."""

    def __init__(self, generator: SPADEGenerator) -> None:
        super().__init__()
        norms = [norm for block in generator.middle for norm in (block.norm_0, block.norm_1)]
        self.shared = _beside(*(norm.mlp_shared[0] for norm in norms))

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """Two for each block."""
        labels: tuple[Tensor, ...] = self.shared(features).relu().chunk(12, dim=1)
        return labels


class _MergedLabels(nn.Module):
    """The labels of all norms of a block that is `factor` times as large as the features."""

    def __init__(self, block: SPADEResnetBlock, factor: int) -> None:
        super().__init__()
        self.count = len(block.norms)
        self.shared = UpConv(_beside(*(norm.mlp_shared[0] for norm in block.norms)), factor)

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """One for each norm."""
        return self.shared.parts(features, self.count)


def _merge(generator: SPADEGenerator) -> None:
    middle = _MergedMiddle(generator)
    larger = {block: _MergedLabels(block, factor) for block, factor in ((generator.up_0, 2), (generator.up_1, 4))}
    for parent in list(generator.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, SPADE):
                setattr(parent, name, _MergedSPADE(child))
    for block in (*generator.middle, *larger):
        for norm in block.norms:
            del norm.mlp_shared
        block.merged_labels = larger.get(block)
    generator.middle_labels = middle


def _beside(*convs: nn.Module) -> nn.Conv2d:
    """Convolutions of the same input as one, their outputs one after the other."""
    plain = [conv for conv in convs if isinstance(conv, nn.Conv2d)]
    weights = torch.cat([conv.weight.data for conv in plain])
    biases = torch.cat([conv.bias.data for conv in plain if conv.bias is not None])
    kernel = weights.shape[-1]
    merged = nn.Conv2d(weights.shape[1], len(weights), kernel, padding=kernel // 2, dtype=weights.dtype)
    merged.requires_grad_(False)
    merged.weight.data.copy_(weights)
    merged.bias = nn.Parameter(biases, requires_grad=False)
    return merged
