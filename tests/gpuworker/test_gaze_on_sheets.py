"""The proof of the product: on the encoded sheets of every portrait the face looks where it is asked to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gpuworker.contract import RenderRequest
from gpuworker.rendering.scheduler import render
from tests.gpuworker.pictures import encoded
from tests.gpuworker.portraits import PORTRAITS
from tests.ruler import Gaze, measure


def _check(photo: bytes, out: Path) -> None:
    for _ in render(RenderRequest(photo=photo, levels=("mobile",)), out):
        pass
    gaze = measure(out)
    for name, curve in gaze.rising().items():
        # Over two steps: one of the shorter ones turns the head by half a degree, which is the ruler's own noise.
        assert (curve[2:] > curve[:-2]).all(), f"{name} does not rise everywhere: {np.round(curve, 3)}"
    assert gaze.disagreeing() == 0


@pytest.mark.slow
def test_the_astronaut_looks_where_she_is_asked_to(astronaut: NDArray[np.uint8], tmp_path: Path) -> None:
    _check(encoded(astronaut), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("name", PORTRAITS)
def test_each_portrait_looks_where_it_is_asked_to(name: str, portraits_dir: Path, tmp_path: Path) -> None:
    _check((portraits_dir / f"{name}.jpg").read_bytes(), tmp_path / "out")


@pytest.mark.slow
def test_the_ruler_bites(astronaut: NDArray[np.uint8], tmp_path: Path) -> None:
    """Sheets whose columns are swapped must fail every horizontal curve."""
    out = tmp_path / "out"
    for _ in render(RenderRequest(photo=encoded(astronaut), levels=("mobile",)), out):
        pass
    for left, right in (("q0_20.webp", "q1_20.webp"), ("q2_20.webp", "q3_20.webp")):
        with Image.open(out / left) as a, Image.open(out / right) as b:
            pictures = a.copy(), b.copy()
        pictures[0].save(out / right, quality=90)
        pictures[1].save(out / left, quality=90)
    curves = measure(out).rising()
    assert not any((np.diff(curves[name]) > 0).all() for name in ("yaw", "left iris", "right iris"))


def test_the_ruler_notices_eyes_that_part() -> None:
    """One eye mirrored: every curve but its own would still rise."""
    x = np.tile(np.linspace(-0.1, 0.1, 20), (20, 1))
    assert Gaze(x, x.T, x, x).disagreeing() == 0
    assert Gaze(x, x.T, x, -x).disagreeing() > 300
