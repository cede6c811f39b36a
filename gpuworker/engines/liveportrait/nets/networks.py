"""The five nets on one device, in the precision that runs there, loaded from verified checkpoints."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gpuworker import weights
from gpuworker.engines.liveportrait.compilation.folding import fold, merge_motion
from gpuworker.engines.liveportrait.keypoints import Face, read
from gpuworker.engines.liveportrait.nets import architecture
from gpuworker.engines.liveportrait.nets.appearance_feature_extractor import AppearanceFeatureExtractor
from gpuworker.engines.liveportrait.nets.motion_extractor import MotionExtractor
from gpuworker.engines.liveportrait.nets.spade_generator import SPADEGenerator
from gpuworker.engines.liveportrait.nets.stitching import Stitching
from gpuworker.engines.liveportrait.nets.warping_module import Warped, WarpingModule
from gpuworker.errors import WrongWeights

STITCHING = "retarget_shoulder"
"""The part of S's file that is S; the retargeting of eyes and mouth beside it is not used."""


@dataclass(frozen=True)
class Networks:
    """F, M, W, G and S, folded. `half` is the precision of F, W and G; M and S always have 32 bits."""

    appearance_feature_extractor: nn.Module
    motion_extractor: nn.Module
    warping_module: nn.Module
    spade_generator: nn.Module
    stitching: nn.Module
    device: torch.device

    @property
    def precision(self) -> torch.dtype:
        """16 bits on a GPU, 32 elsewhere."""
        return torch.float16 if self.device.type == "cuda" else torch.float32

    @classmethod
    def load(cls, folder: Path, device: torch.device) -> Networks:
        """Networks from the files that weights.CHECKPOINTS names. Raises WrongWeights for any other."""
        return cls.of({name: _state(name, path) for name, path in weights.verify(folder).items()}, device)

    @classmethod
    def of(cls, states: Mapping[str, Mapping[str, Tensor]], device: torch.device) -> Networks:
        """Networks from state dicts by the nets' names. Raises WrongWeights for one that does not fit its net."""
        sizes = architecture.OFFICIAL
        nets: dict[str, nn.Module] = {
            "appearance_feature_extractor": AppearanceFeatureExtractor(sizes),
            "motion_extractor": MotionExtractor(sizes),
            "warping_module": WarpingModule(sizes),
            "spade_generator": SPADEGenerator(sizes),
            "stitching": Stitching(sizes),
        }
        for name, net in nets.items():
            try:
                net.load_state_dict(states[name])
            except (RuntimeError, KeyError) as error:
                raise WrongWeights(f"The weights of {name} do not fit: {error}") from error
        made = cls(**{name: fold(net).to(device) for name, net in nets.items()}, device=device)
        for net in (made.appearance_feature_extractor, made.warping_module, made.spade_generator):
            net.to(made.precision)
            if device.type == "cuda":  # a CPU is half as fast with it
                _for_tensor_cores(net)
        return made

    def appearance(self, square: Tensor) -> Tensor:
        """(1, 3, 256, 256) of 0 … 1 → the feature volume."""
        volume: Tensor = self.appearance_feature_extractor(square.to(self.precision))
        return volume

    def face(self, square: Tensor) -> Face:
        """(1, 3, 256, 256) of 0 … 1 → keypoints and pose."""
        return read(self.motion_extractor(square.float()))

    def stitched(self, source: Tensor, driving: Tensor) -> Tensor:
        """One source (1, K, 3), many driving (B, K, 3), the driving ones corrected."""
        moved: Tensor = self.stitching(source.expand(len(driving), -1, -1), driving)
        return moved

    def generate(self, volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
        """One volume and source, many driving (B, K, 3) → squares (B, 3, 512, 512) of 0 … 1 and deformations."""
        warped: Warped = self.warping_module(volume, driving, source.expand(len(driving), -1, -1))
        squares: Tensor = self.spade_generator(warped.features)
        return squares, warped.deformation

    def generate_exactly(self, volume: Tensor, source: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
        """Result of `generate` with the same weights, computed in 32 bits throughout; for one frame now and then."""
        warping, generator = (deepcopy(net).float() for net in (self.warping_module, self.spade_generator))
        warped: Warped = warping(volume.float(), driving, source.expand(len(driving), -1, -1))
        return generator(warped.features), warped.deformation


def _for_tensor_cores(net: nn.Module) -> None:
    """Convolutions and weights as tensor cores like them; what comes out of a convolution keeps its layout."""
    if isinstance(net, WarpingModule):
        merge_motion(net)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        elif isinstance(module, nn.Conv3d):
            module.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]


def _state(name: str, path: Path) -> Mapping[str, Tensor]:
    """The state dict in a file. Nothing but tensors is unpickled. Raises WrongWeights."""
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, LookupError, OSError) as error:
        raise WrongWeights(f"{path} is not a file of weights: {error}") from error
    if name != "stitching":
        return dict(content)
    return {key.removeprefix("module."): tensor for key, tensor in content[STITCHING].items()}
