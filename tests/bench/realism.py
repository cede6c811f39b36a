"""`make bench-realism`: do eyes, lids, head and spectacles hold on every face? Each portrait and its everyday variants.

PORTRAITS=folder names photos beside the astronaut, FACES='astronaut*' chooses among "photo, variant", WORKERS=1 keeps
one core free. Sheets to look at are written to build/realism.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from multiprocessing import get_context

import cv2
import numpy as np

from gpuworker.cli import contact_sheets
from gpuworker.contract import STANDARD_FRAME
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.engines.warp.height import STEP
from gpuworker.errors import RenderError
from gpuworker.grid import LIMIT, NEUTRAL, Direction
from gpuworker.images import photo
from gpuworker.vision import faces, framing
from gpuworker.vision.faces import Face
from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.region import Picture, Points
from tests.bench import brow_rise, face_curves
from tests.bench.everyday import EVERYDAY, GAZES, SPECTACLES
from tests.bench.eyewear import Worn
from tests.bench.figures import REPOSITORY, Figure, write
from tests.bench.photos import human_faces
from tests.bench.rim_straightness import straightness

SHEETS = REPOSITORY / "build" / "realism"
UP = Direction(0.0, -LIMIT)


@dataclass(frozen=True)
class Measure:
    """One column of the table."""

    title: str
    unit: str
    bar: float
    least: bool

    def figure(self, face: str, value: float) -> Figure:
        make: Callable[[str, float, str, float], Figure] = Figure.at_least if self.least else Figure.at_most
        return make(f"{face}: {self.title}", value, self.unit, self.bar)


MEASURES = {
    "yaw_r": Measure("yaw r", "", 0.99, True),
    "pitch_r": Measure("pitch r", "", 0.99, True),
    "u_r": Measure("iris u r", "", 0.98, True),
    "aperture_r": Measure("lids r", "", 0.95, True),
    "brow_r": Measure("brows r", "", 0.95, True),
    "brow_rise": Measure("brows up", "eye span", 0.015, True),
    "agreement_r": Measure("eyes r", "", 0.98, True),
    "disagreeing": Measure("disagree", "cells", 0, False),
    "rest_ssim": Measure("rest SSIM", "", 0.99, True),
    "least_jacobian": Measure("Jacobian", "", 0.25, True),
    "iris_colour": Measure("iris dE", "ΔE", 6, False),
    "iris_radius": Measure("radius", "share", 0.08, False),
    "white": Measure("white", "of photo", 1.10, False),
    "lid_at_rest": Measure("lid", "eye w", 0.02, False),
    "white_above": Measure("startled", "eye w", 0.03, False),
    "gaze_error": Measure("gaze off", "eye w", 0.05, False),
    "gaze_error_v": Measure("up off", "eye w", 0.05, False),
    "rims": Measure("rims", "px", 1.3, False),
}
"""Values of a face by name, with the issue's bars or, where it has none, what is hardly seen."""

OF_EYES = {
    "u_r",
    "aperture_r",
    "agreement_r",
    "disagreeing",
    "iris_colour",
    "iris_radius",
    "white",
    "gaze_error",
    "gaze_error_v",
}


@dataclass(frozen=True)
class Measured:
    """One face. values: by the names of MEASURES; why: the sentence with which it was refused, else ""."""

    name: str
    values: dict[str, float]
    gain: float = 1.0
    why: str = ""


def main() -> None:
    pattern = os.environ.get("FACES", "*")
    jobs = [
        (f"{name}, {variant}", file, variant)
        for name, file in human_faces().items()
        for variant in EVERYDAY
        if fnmatch(f"{name}, {variant}", pattern)
    ]
    SHEETS.mkdir(parents=True, exist_ok=True)
    workers = int(os.environ.get("WORKERS", 0)) or os.cpu_count() or 1
    with ProcessPoolExecutor(min(workers, max(1, len(jobs))), get_context("spawn"), cv2.setNumThreads, (1,)) as pool:
        measured = list(pool.map(_measure, jobs))
    _print(measured)
    figures = [figure for each in measured for figure in _figures(each)]
    missed = {figure.name.partition(":")[0] for figure in figures if figure.ok is False}
    figures.append(Figure.at_most("faces that miss a bar", len(missed), "faces", 0))
    print(f"{len(measured)} faces, {len(missed)} of them miss a bar; sheets: {SHEETS.relative_to(REPOSITORY)}")
    write("realism", figures)


def _measure(job: tuple[str, bytes, str]) -> Measured:
    name, file, variant = job
    pixels = photo.read(file).pixels
    try:
        face = faces.choose(faces.find(pixels), None, pixels.shape)
        return _measure_face(name, pixels, face, variant)
    except RenderError as error:
        return Measured(name, {}, why=error.sentence)


def _measure_face(name: str, pixels: Picture, face: Face, variant: str) -> Measured:
    made = EVERYDAY[variant](pixels, face)
    portrait = framing.frame_portrait(
        photo.Photo(made), faces.choose(faces.find(made), None, made.shape), STANDARD_FRAME, "auto"
    )
    engine = WarpEngine()
    engine.set_portrait(portrait)
    _write_sheets(name, portrait, engine)
    frames = engine.render(face_curves.directions())
    values = {
        **vars(face_curves.curves(_shown(portrait), frames)),
        **vars(brow_rise.of_engine(engine)),
        "least_jacobian": engine.report["least_jacobian"],
    }
    if len(engine.rig().eyes) < 2:  # an eye rests, as the advice says
        values = {key: value for key, value in values.items() if key not in OF_EYES}
    if variant in GAZES:  # at rest its gaze is taken off, and the lids' part in it
        del values["rest_ssim"], values["lid_at_rest"]
    if variant in SPECTACLES:
        values |= _rims(engine, _in_frame(Worn.on(face, SPECTACLES[variant]).rims, portrait))
    return Measured(name, values, engine.report["gain"])


def _rims(engine: WarpEngine, rims: list[Points]) -> dict[str, float]:
    rest, turned = engine.render([NEUTRAL, UP])
    found = straightness(rest, turned, rims, [_moved(engine, line) for line in rims])
    return {"rims": found.rms} if found else {}


def _in_frame(lines: list[Points], portrait: FramedPortrait) -> list[Points]:
    crop, frame = portrait.crop, portrait.frame
    return [(line - (crop.x, crop.y)) * (frame.width / crop.width, frame.height / crop.height) for line in lines]


def _moved(engine: WarpEngine, points: Points) -> Points:
    """How far the head's turn moves points of the photo when it looks up."""
    field = engine._rotation._forward(UP)
    at = (points / STEP - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(field, at[:, :1], at[:, 1:], cv2.INTER_LINEAR)[:, 0], np.float64)


def _shown(portrait: FramedPortrait) -> Picture:
    """The photo itself at frame size."""
    size = portrait.frame.width, portrait.frame.height
    return np.asarray(cv2.resize(portrait.picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write_sheets(name: str, portrait: FramedPortrait, engine: WarpEngine) -> None:
    composed = contact_sheets.composed(portrait, engine.render(contact_sheets.directions()))
    for kind, pixels in zip(("directions", "eyes"), composed, strict=True):
        path = SHEETS / kind / f"{name.replace(', ', '-').replace(' ', '_')}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(contact_sheets.png(pixels))


def _figures(measured: Measured) -> list[Figure]:
    return [MEASURES[key].figure(measured.name, value) for key, value in measured.values.items()]


def _print(measured: Sequence[Measured]) -> None:
    """One face a line; an asterisk marks a missed bar."""
    width = max([4, *(len(each.name) for each in measured)])
    print(f"{'':<{width}}", *(f"{measure.title:>9}" for measure in MEASURES.values()), "     gain")
    for each in measured:
        print(f"{each.name:<{width}}", each.why or " ".join(_cells(each)))


def _cells(measured: Measured) -> list[str]:
    cells = []
    for key, measure in MEASURES.items():
        value = measured.values.get(key)
        missed = value is not None and not measure.figure("", value).ok
        cells.append(f"{'' if value is None else f'{value:.3f}'}{'*' if missed else ' '}".rjust(9))
    return [*cells, f"{measured.gain:.2f}".rjust(9)]


if __name__ == "__main__":
    main()
