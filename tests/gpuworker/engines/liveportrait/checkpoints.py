"""Seeded checkpoints as files, laid out and nested as the official ones, with a table of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from gpuworker import weights
from gpuworker.engines.liveportrait.nets.appearance_feature_extractor import AppearanceFeatureExtractor
from gpuworker.engines.liveportrait.nets.architecture import Architecture
from gpuworker.engines.liveportrait.nets.motion_extractor import MotionExtractor
from gpuworker.engines.liveportrait.nets.spade_generator import SPADEGenerator
from gpuworker.engines.liveportrait.nets.stitching import Stitching
from gpuworker.engines.liveportrait.nets.warping_module import WarpingModule
from gpuworker.weights import Checkpoint
from tests.gpuworker.engines.liveportrait.seeded import seeded, shapes_of, statistics

NETS: dict[str, Callable[[Architecture], nn.Module]] = {
    "appearance_feature_extractor": AppearanceFeatureExtractor,
    "motion_extractor": MotionExtractor,
    "warping_module": WarpingModule,
    "spade_generator": SPADEGenerator,
    "stitching": Stitching,
}


def write(folder: Path, architecture: Architecture, *, official: bool = False) -> dict[str, Checkpoint]:
    """Write five files below the folder. Returns the table that names them.

    official: with the golden BatchNorm statistics, which fit only the official sizes.
    """
    table = {}
    for name, original in weights.CHECKPOINTS.items():
        state = seeded(name, shapes_of(NETS[name](architecture)), statistics(name) if official else None)
        path = folder / original.path
        path.parent.mkdir(parents=True, exist_ok=True)
        nested = {"retarget_shoulder": {f"module.{key}": tensor for key, tensor in state.items()}}
        torch.save(nested if name == "stitching" else state, path)
        content = path.read_bytes()
        table[name] = Checkpoint(original.path, len(content), hashlib.sha256(content).hexdigest())
    return table
