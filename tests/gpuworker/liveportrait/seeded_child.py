"""A rendering process with tiny seeded weights: what the real one does, with another table of hashes."""

from __future__ import annotations

import functools
import json
import os
from multiprocessing.connection import Connection
from pathlib import Path

TABLE = "table.json"


def enter(pipe: Connection, engine: str, analyst: bool) -> None:
    """In the place of crew._enter, in the process itself."""
    inject(Path(os.environ["GAZE_WEIGHTS"]))
    from gpuworker.child import main

    main(pipe, engine, analyst)


def inject(folder: Path) -> None:
    """The tiny sizes, their table, and no self-check, which seeded weights cannot pass."""
    from gpuworker.engines import weights
    from gpuworker.engines.liveportrait import architecture
    from gpuworker.engines.liveportrait.engine import LivePortraitEngine
    from tests.gpuworker.liveportrait.tiny import TINY

    table = json.loads((folder / TABLE).read_text())
    weights.CHECKPOINTS = {name: weights.Checkpoint(**each) for name, each in table.items()}
    architecture.OFFICIAL = TINY
    LivePortraitEngine.__init__ = functools.partialmethod(LivePortraitEngine.__init__, checked=False)  # type: ignore
