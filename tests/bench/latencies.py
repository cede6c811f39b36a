"""How long things take for most, for nearly all and for the unlucky, as figures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.bench.figures import Figure

PERCENTS = (50, 95, 99)

Timings = dict[str, list[float]]
"""Milliseconds by what was asked for."""


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that so many percent of them do not exceed; there must be one."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def figures(name: str, milliseconds: Sequence[float], bar: float | None = None) -> list[Figure]:
    """p50, p95 and p99; the bar, where there is one, is p95's."""
    found = []
    for percent in PERCENTS:
        label, value = f"{name}, p{percent}", percentile(milliseconds, percent)
        if bar is not None and percent == 95:
            found.append(Figure.at_most(label, value, "ms", bar))
        else:
            found.append(Figure.plain(label, value, "ms"))
    return found


def ratio(name: str, milliseconds: Sequence[float], bare: Sequence[float]) -> Figure:
    """How many times as long as the bare page, of the medians."""
    return Figure.plain(f"{name}, p50 ÷ the bare page's", percentile(milliseconds, 50) / percentile(bare, 50), "×")


def timed(timings: Timings, name: str, act: Callable[[], Any]) -> Any:
    """Result of the act; how long it took is noted."""
    start = time.perf_counter()
    result = act()
    timings.setdefault(name, []).append(1000 * (time.perf_counter() - start))
    return result


def merged(many: Sequence[Mapping[str, Sequence[float]]]) -> Timings:
    """All of them, by name."""
    together: Timings = {}
    for timings in many:
        for name, values in timings.items():
            together.setdefault(name, []).extend(values)
    return together
