"""Lines that a run of tests prints at its end on what it has left out."""

from __future__ import annotations

import pytest

_LINES = pytest.StashKey[list[str]]()


def lines(config: pytest.Config) -> list[str]:
    """Those of this process, to read and to add to."""
    return config.stash.setdefault(_LINES, [])


def say(config: pytest.Config, line: str) -> None:
    """Once."""
    if line not in lines(config):
        lines(config).append(line)
