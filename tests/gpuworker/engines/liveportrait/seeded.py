"""Weights without the weights: each tensor drawn from a generator seeded by its key, then conditioned.

Raw draws saturate nearly every pixel and prove nothing. So the spectral norms get thirty power
iterations, BatchNorm gets the statistics of a pass in training mode (made once with the official code
and kept with the golden slices), and the masks and the occlusion are made decisive. Whoever changes
this recipe must make the golden slices anew: `python -m tests.gpuworker.engines.liveportrait.make_golden`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

GOLDEN = Path(__file__).parent / "golden"
POWER_ITERATIONS = 30
DECISIVE = {"dense_motion_network.mask.weight": 20.0, "dense_motion_network.occlusion.weight": 5.0}

Shapes = Mapping[str, tuple[int, ...]]


def draw(key: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Standard normal numbers that depend on nothing but the key and the shape."""
    return np.random.default_rng(crc32(key.encode())).standard_normal(shape, dtype=np.float32)


def shapes_of(net: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in net.state_dict().items()}


def seeded(net: str, shapes: Shapes, statistics: Mapping[str, NDArray[np.float32]] | None = None) -> dict[str, Tensor]:
    """The conditioned state dict of the net `net`; BatchNorm's statistics are 0 and 1 where none are given."""
    state = {key: _tensor(net, key, shapes[key]) for key in sorted(shapes)}
    for key in [key for key in state if key.endswith("weight_orig")]:
        _iterate(state, key.removesuffix("weight_orig"))
    for key, values in (statistics or {}).items():
        state[key] = torch.from_numpy(values)
    return state


def _tensor(net: str, key: str, shape: tuple[int, ...]) -> Tensor:
    leaf = key.rpartition(".")[2]
    if leaf == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.int64)
    if leaf == "running_mean":
        return torch.zeros(shape)
    if leaf == "running_var":
        return torch.ones(shape)
    noise = draw(f"{net}/{key}", shape)
    if len(shape) >= 2 and leaf.startswith("weight"):
        spread = math.sqrt(1 / (3 * math.prod(shape[1:]))) * DECISIVE.get(key, 1.0)  # as PyTorch starts
        return torch.from_numpy(noise * np.float32(spread))
    if leaf == "weight":
        return torch.from_numpy(1 + np.float32(0.1) * noise)
    return torch.from_numpy(np.float32(0.1) * noise)


def _iterate(state: dict[str, Tensor], prefix: str) -> None:
    """Power iterations in 64 bits: u and v become the singular vectors that belong to the norm."""
    matrix = state[f"{prefix}weight_orig"].flatten(1).double()
    u = state[f"{prefix}weight_u"].double()
    for _ in range(POWER_ITERATIONS):
        v = torch.nn.functional.normalize(matrix.T @ u, dim=0)
        u = torch.nn.functional.normalize(matrix @ v, dim=0)
    state[f"{prefix}weight_u"], state[f"{prefix}weight_v"] = u.float(), v.float()


def statistics(net: str) -> dict[str, NDArray[np.float32]]:
    """BatchNorm's golden statistics of one net."""
    with np.load(GOLDEN / "batchnorm.npz") as file:
        return {key.partition("/")[2]: file[key] for key in file.files if key.startswith(f"{net}/")}


# ------------------------------------------------------------------- inputs


def picture(name: str, side: int = 256) -> Tensor:
    """(1, 3, side, side) of 0 … 1: smooth noise with some grain, the nearest thing to a photo."""
    smooth = torch.from_numpy(draw(f"picture/{name}", (1, 3, side // 16, side // 16)))
    smooth = torch.nn.functional.interpolate(smooth, size=(side, side), mode="bilinear", align_corners=False)
    grain = torch.from_numpy(draw(f"grain/{name}", (1, 3, side, side)))
    return (0.5 + 0.2 * smooth + 0.03 * grain).clamp(0, 1)


def volume(side: int) -> Tensor:
    """(1, 32, 16, side, side): a feature volume, about as smooth as a real one."""
    coarse = torch.from_numpy(draw(f"volume/{side}", (1, 32, 8, side // 2, side // 2)))
    return torch.nn.functional.interpolate(coarse, scale_factor=2, mode="trilinear", align_corners=False)


def features(side: int) -> Tensor:
    """(1, 256, side, side): what G reads."""
    return 0.5 * torch.from_numpy(draw(f"features/{side}", (1, 256, side, side)))


def keypoints(frames: int = 2) -> tuple[Tensor, Tensor]:
    """Driving and source (frames, 21, 3); the source is the same in every frame."""
    source = 0.45 * torch.from_numpy(draw("keypoints/source", (1, 21, 3))).clamp(-2, 2)
    driving = source + 0.08 * torch.from_numpy(draw("keypoints/shift", (frames, 21, 3)))
    return driving, source.expand(frames, -1, -1).contiguous()
