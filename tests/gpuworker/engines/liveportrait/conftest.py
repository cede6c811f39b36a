"""The seeded nets, loaded once. They are the official size: 520 MB together. Their tests belong to `make check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from gpuworker.engines.liveportrait.compilation.folding import fold
from gpuworker.engines.liveportrait.nets.appearance_feature_extractor import AppearanceFeatureExtractor
from gpuworker.engines.liveportrait.nets.motion_extractor import MotionExtractor
from gpuworker.engines.liveportrait.nets.spade_generator import SPADEGenerator
from gpuworker.engines.liveportrait.nets.stitching import Stitching
from gpuworker.engines.liveportrait.nets.warping_module import WarpingModule
from tests.gpuworker.engines.liveportrait import seeded

CLASSES: dict[str, Callable[[], nn.Module]] = {
    "appearance_feature_extractor": AppearanceFeatureExtractor,
    "motion_extractor": MotionExtractor,
    "warping_module": WarpingModule,
    "spade_generator": SPADEGenerator,
    "stitching": Stitching,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """torch comes with the extra `check`."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="session")
def golden() -> dict[str, NDArray[np.generic]]:
    with np.load(seeded.GOLDEN / "slices.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="session")
def net() -> Callable[[str], nn.Module]:
    """The net of that name with its seeded weights, folded as it runs."""
    made: dict[str, nn.Module] = {}

    def get(name: str) -> nn.Module:
        if name not in made:
            made[name] = fold(loaded(name))
        return made[name]

    return get


def loaded(name: str) -> nn.Module:
    """The net with its seeded weights as a checkpoint would give them, strictly."""
    fresh = CLASSES[name]()
    fresh.load_state_dict(seeded.seeded(name, seeded.shapes_of(fresh), seeded.statistics(name)))
    return fresh.eval()
