"""A rendering process with seeded weights: what the real one does, with another table of hashes.

The functions stand in the place of process_pool._enter, in the process itself, and leave out the self-check,
which seeded weights cannot pass.
"""

from __future__ import annotations

import functools
import json
import os
from multiprocessing.connection import Connection
from pathlib import Path

TABLE = "table.json"


def enter(pipe: Connection, engine: str, niceness: int, analyst: bool) -> None:
    """With the tiny sizes, for which a second thread only waits."""
    from gpuworker import cores
    from gpuworker.engines.liveportrait.nets import architecture
    from tests.gpuworker.engines.liveportrait.tiny import TINY

    architecture.OFFICIAL = TINY
    cores.usable = lambda: 1
    enter_official(pipe, engine, niceness, analyst)


def enter_official(pipe: Connection, engine: str, niceness: int, analyst: bool) -> None:
    """With the official sizes."""
    from gpuworker.engines.liveportrait.engine import LivePortraitEngine
    from gpuworker.rendering.heartbeat import Heartbeat
    from gpuworker.rendering.process_main import main

    inject_table(Path(os.environ["GAZE_WEIGHTS"]))
    LivePortraitEngine.__init__ = functools.partialmethod(LivePortraitEngine.__init__, checked=False)  # type: ignore
    main(pipe, Heartbeat.started(pipe), engine, analyst)


def inject_table(folder: Path) -> None:
    """Expect the files of this folder instead of the official ones."""
    from gpuworker import weights

    table = json.loads((folder / TABLE).read_text())
    weights.CHECKPOINTS = {name: weights.Checkpoint(**each) for name, each in table.items()}
