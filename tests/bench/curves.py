"""`make bench-curves`: does each portrait's rendered gaze follow the direction? Measured on its sheets."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

from gpuworker.contract import RenderRequest
from gpuworker.rendering.process_pool import ProcessPool
from gpuworker.rendering.scheduler import render
from tests.bench.figures import Figure, publish
from tests.bench.photos import human_faces
from tests.ruler import measure

UNITS = {"yaw": "°", "pitch": "°", "left iris": "eye w", "right iris": "eye w"}


def main() -> None:
    cv2.setNumThreads(1)
    figures: list[Figure] = []
    with ProcessPool(size=2) as pool:
        for name, photo in human_faces().items():
            with tempfile.TemporaryDirectory() as folder:
                for _ in render(RenderRequest(photo=photo, levels=("mobile",)), Path(folder), pool):
                    pass
                gaze = measure(Path(folder))
            for curve, values in gaze.rising().items():
                steps = np.diff(values)
                figures.append(Figure.above(f"{name}: {curve}, least step", float(steps.min()), UNITS[curve], 0))
                figures.append(Figure.plain(f"{name}: {curve}, from end to end", float(steps.sum()), UNITS[curve]))
            figures.append(Figure.at_most(f"{name}: cells in which the eyes disagree", gaze.disagreeing(), "", 0))
    publish("curves", figures)


if __name__ == "__main__":
    main()
