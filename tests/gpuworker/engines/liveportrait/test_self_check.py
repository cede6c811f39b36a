"""The check sees what a person would: engines that look where they should pass, all others are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gpuworker.engines.liveportrait import self_check
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.errors import SelfCheckFailed
from gpuworker.grid import NEUTRAL, Direction
from gpuworker.vision.framing import FramedPortrait


class Misled:
    """The warp engine, which moves the right way, told something else."""

    name = "misled"
    report: Mapping[str, Any] = {}

    def __init__(self, engine: WarpEngine, x: float, y: float) -> None:
        self._engine, self._x, self._y = engine, x, y

    def set_portrait(self, portrait: FramedPortrait, intensity: float = 1.0) -> tuple[str, ...]:
        return self._engine.set_portrait(portrait, intensity)

    def render(self, directions: Sequence[Direction]) -> NDArray[np.uint8]:
        return self._engine.render([Direction(self._x * each.x, self._y * each.y) for each in directions])


@pytest.fixture(scope="module")
def warp(framed: FramedPortrait) -> WarpEngine:
    engine = WarpEngine()
    engine.set_portrait(framed)
    return engine


def test_an_engine_that_looks_where_it_should_passes(warp: WarpEngine) -> None:
    figures = self_check.check(warp)
    assert figures.yaw > 6
    assert figures.pitch > 4
    assert figures.iris > 0.15


@pytest.mark.parametrize(("x", "y", "wrong"), [(-1, 1, "yaw -"), (1, -1, "pitch -"), (0, 0, r"yaw [+-]0\.")])
def test_an_engine_that_looks_elsewhere_or_nowhere_is_named_with_figures(
    warp: WarpEngine, x: float, y: float, wrong: str
) -> None:
    with pytest.raises(SelfCheckFailed, match=rf"engine misled does not look where it is told to.*{wrong}"):
        self_check.check(Misled(warp, x, y))


def test_black_frames_are_named_with_their_brightness(framed: FramedPortrait) -> None:
    class Black(Misled):
        def render(self, directions: Sequence[Direction]) -> NDArray[np.uint8]:
            return np.zeros((len(directions), 512, 410, 3), np.uint8)

    with pytest.raises(SelfCheckFailed, match="brightness is 0 ± 0 of 255"):
        self_check.check(Black(WarpEngine(), 1, 1))


def test_irises_that_stay_are_noticed_though_the_head_turns() -> None:
    assert not self_check.Figures(yaw=12, pitch=12, iris=0.01).good
    assert self_check.Figures(yaw=12, pitch=12, iris=0.3).good


def test_five_directions_are_enough() -> None:
    assert len(self_check.DIRECTIONS) == 5
    assert self_check.DIRECTIONS[0] == NEUTRAL
