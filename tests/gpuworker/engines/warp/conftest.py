"""One engine for the tests of the warp engine: analysis is the slow part."""

from __future__ import annotations

import pytest

from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.vision.framing import FramedPortrait


@pytest.fixture
def engine(framed: FramedPortrait) -> WarpEngine:
    """An engine that has the astronaut set."""
    engine = WarpEngine()
    engine.set_portrait(framed)
    return engine
