"""Figures of a benchmark: a table for people, build/bench/NAME.json for programs."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Figure:
    """One measured value. bar: the target, None where there is none; ok: whether it is met."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    ok: bool | None = None

    @classmethod
    def at_most(cls, name: str, value: float, unit: str, bar: float) -> Figure:
        return cls(name, round(value, 4), unit, bar, value <= bar)

    @classmethod
    def at_least(cls, name: str, value: float, unit: str, bar: float) -> Figure:
        return cls(name, round(value, 4), unit, bar, value >= bar)

    @classmethod
    def above(cls, name: str, value: float, unit: str, bar: float) -> Figure:
        return cls(name, round(value, 4), unit, bar, value > bar)

    @classmethod
    def plain(cls, name: str, value: float, unit: str) -> Figure:
        return cls(name, round(value, 4), unit)


def publish(name: str, figures: list[Figure]) -> None:
    """Print the table and write the JSON. A missed bar is shown as missed and fails nothing."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"\n{name}: {platform.machine()}, {cores} cores, Python {platform.python_version()}")
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        verdict = {True: "met", False: "MISSED", None: ""}[figure.ok]
        bar = "" if figure.bar is None else f"bar {figure.bar:g}"
        print(f"  {figure.name:<{width}}  {figure.value:>12.4g} {figure.unit:<8} {bar:<12} {verdict}")
    write(name, figures)


def write(name: str, figures: list[Figure]) -> None:
    """Write the JSON alone."""
    path = REPOSITORY / "build" / "bench" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    print(f"  written to {path.relative_to(REPOSITORY)}")
