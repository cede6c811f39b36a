"""Engines: portrait in, frames out. A table of dotted paths, imported on first use.

An engine is built once, is given a portrait once, and renders many directions. To add one, write
a class that fits `Engine` and add its line to `ENGINES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from gpuworker.contract import RIG
from gpuworker.errors import BadRequest
from gpuworker.grid import Direction

if TYPE_CHECKING:  # a look at the table alone needs no NumPy
    import numpy as np
    from numpy.typing import NDArray

    from gpuworker.rig.model import Rig
    from gpuworker.vision.framing import FramedPortrait

ENGINES = {
    "warp": "gpuworker.engines.warp.engine:WarpEngine",
    "liveportrait": "gpuworker.engines.liveportrait.engine:LivePortraitEngine",
}

SINGLE = frozenset({"liveportrait"})
"""Engines that fill a GPU, or every core, from one process."""

RIGGED = frozenset({"warp"})
"""Engines whose portraits have a rig."""


class Engine(Protocol):
    """Interface between an engine and the scheduler."""

    name: str

    def set_portrait(self, portrait: FramedPortrait, intensity: float = 1.0) -> tuple[str, ...]:
        """Analyse the portrait once. Returns sentences of advice (empty when all is well).

        intensity is the furthest that directions will be scaled, so that gains can be set for it.
        """

    def render(self, directions: Sequence[Direction]) -> NDArray[np.uint8]:
        """Frames (n, H, W, C) uint8, C = 3 (RGB) or 4 (RGBA, straight alpha), in the order asked."""

    @property
    def report(self) -> Mapping[str, Any]:
        """JSON-ready figures about the portrait and the frames so far, for benchmarks and logs."""


@runtime_checkable
class Loading(Protocol):
    """Engine that loads for a while before it can work."""

    def wait_ready(self) -> None:
        """Block until it can. Raises RenderError when it never will."""


@runtime_checkable
class Rigger(Protocol):
    """Engine whose portraits a shader can draw."""

    def rig(self) -> Rig:
        """The rig of the portrait that was set, with the intensity that was set."""


def check(name: str) -> None:
    """Raises BadRequest for a name that is not in the table."""
    if name not in ENGINES:
        raise BadRequest(f"There is no engine “{name}”; there is {', '.join(ENGINES)}.")


def levels_of(engine: str, asked: Sequence[str]) -> tuple[str, ...]:
    """Those of the levels asked for that the engine makes: a rig only where it has one.

    Raises BadRequest for an engine that is not in the table, and where nothing is left to make.
    """
    check(engine)
    levels = tuple(name for name in asked if name != RIG or engine in RIGGED)
    if not levels:
        raise BadRequest(f"The engine {engine} has no rig; please ask for other levels.")
    return levels


def create(name: str) -> Engine:
    """A new engine. Raises BadRequest for a name that is not in the table, and where its libraries are missing."""
    check(name)
    module, _, attribute = ENGINES[name].partition(":")
    try:
        made = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise BadRequest(f"The engine {name} needs PyTorch: install this project with its extra “gpu”.") from error
    return cast(Engine, made())
