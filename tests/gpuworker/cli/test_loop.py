from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gpuworker.cli import loop
from gpuworker.contract import RenderRequest
from gpuworker.grid import LIMIT
from tests.gpuworker.pictures import encoded


def test_the_path_is_closed_and_passes_the_middle_and_all_four_corners() -> None:
    points = [loop.path_at(i / 400) for i in range(401)]
    assert (points[0].x, points[0].y) == pytest.approx((points[-1].x, points[-1].y), abs=1e-9)
    quarters = {(point.x > 0.5 * LIMIT, point.y > 0.5 * LIMIT) for point in points if abs(point.x) > 0.5 * LIMIT}
    assert len(quarters) == 4
    assert max(abs(point.x) for point in points) <= LIMIT


def test_an_endless_moving_picture_is_written(astronaut: np.ndarray, tmp_path: Path) -> None:
    loop.write(RenderRequest(photo=encoded(astronaut)), tmp_path / "loop.webp", width=120)
    with Image.open(tmp_path / "loop.webp") as image:
        assert image.size == (120, 150)
        assert image.n_frames == loop.FRAMES
        assert image.info["loop"] == 0
