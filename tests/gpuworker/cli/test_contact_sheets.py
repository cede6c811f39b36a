from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gpuworker.cli import contact_sheets, shader_frames
from gpuworker.cli.shader_frames import ShaderUnavailableError
from gpuworker.contract import RenderRequest, Size
from gpuworker.grid import Direction
from gpuworker.rig import rig_file
from tests.gpuworker.pictures import encoded


@pytest.fixture
def unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No browser can be had."""

    def draw(*_: object) -> None:
        raise ShaderUnavailableError("no Chromium is installed")

    monkeypatch.setattr(shader_frames, "draw", draw)


@pytest.mark.usefixtures("unavailable")
def test_fifteen_directions_and_their_eyes_at_full_size(astronaut: np.ndarray, tmp_path: Path) -> None:
    directions, eyes, *_ = contact_sheets.write(RenderRequest(photo=encoded(astronaut)), tmp_path / "sheets")
    with Image.open(directions) as image:
        assert image.size == (5 * 410, 3 * 512)
    with Image.open(eyes) as image:
        pixels = np.asarray(image, int)
    height, width = pixels.shape[0] // 4, pixels.shape[1] // 5
    assert pixels.shape == (4 * height, 5 * width, 3)
    rest, ahead = pixels[:height, :width], pixels[2 * height : 3 * height, 2 * width : 3 * width]
    assert np.abs(rest - ahead).max() <= 2  # straight ahead is the photo
    assert np.abs(rest - pixels[height : 2 * height, :width]).mean() > 3


@pytest.mark.usefixtures("unavailable")
def test_without_a_browser_the_engine_draws_and_that_is_said(astronaut: np.ndarray, tmp_path: Path) -> None:
    sheets = contact_sheets.write(RenderRequest(photo=encoded(astronaut), frame=Size(120, 150)), tmp_path)
    assert sheets.drawn_by == "Drawn by the engine warp: no Chromium is installed."
    assert sheets.blinks is None


def test_the_shader_draws_what_visitors_see(
    astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Direction] = []
    shut: list[tuple[Size, tuple[float, ...]]] = []

    def draw(
        rig: bytes, photo: bytes, looks: list[Direction], frame: Size, close: tuple[float, ...] = ()
    ) -> np.ndarray:
        assert rig_file.loads(rig).intensity == 1.5
        assert photo[8:12] == b"WEBP"
        asked.extend(looks)
        shut.append((frame, close))
        return np.full((len(looks), frame.height, frame.width, 3), 7, np.uint8)

    monkeypatch.setattr(shader_frames, "draw", draw)
    request = RenderRequest(photo=encoded(astronaut), frame=Size(120, 150), intensity=1.5)
    sheets = contact_sheets.write(request, tmp_path)
    assert sheets.drawn_by == "Drawn by the element's shader in Chromium."
    assert (asked[0], asked[7], asked[14]) == (Direction(-15, -15), Direction(0, 0), Direction(15, 15))
    with Image.open(sheets.directions) as image:
        assert np.asarray(image).min() == np.asarray(image).max() == 7
    stages = (0.0, 0.25, 0.5, 0.75, 1.0)
    assert shut == [(Size(120, 150), ()), (Size(120, 150), stages), (Size(360, 450), stages)]
    assert sheets.blinks is not None
    with Image.open(sheets.blinks) as image:
        small = np.flatnonzero(np.asarray(image)[0, :, 0])
        assert abs(3 * len(small) - image.width) <= 15
