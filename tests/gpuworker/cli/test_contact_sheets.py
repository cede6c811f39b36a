from pathlib import Path

import numpy as np
from PIL import Image

from gpuworker.cli import contact_sheets
from gpuworker.contract import RenderRequest
from tests.gpuworker.pictures import encoded


def test_fifteen_directions_and_their_eyes_at_full_size(astronaut: np.ndarray, tmp_path: Path) -> None:
    directions, eyes = contact_sheets.write(RenderRequest(photo=encoded(astronaut)), tmp_path / "sheets")
    with Image.open(directions) as image:
        assert image.size == (5 * 410, 3 * 512)
    with Image.open(eyes) as image:
        pixels = np.asarray(image, int)
    height, width = pixels.shape[0] // 4, pixels.shape[1] // 5
    assert pixels.shape == (4 * height, 5 * width, 3)
    rest, ahead = pixels[:height, :width], pixels[2 * height : 3 * height, 2 * width : 3 * width]
    assert np.abs(rest - ahead).max() <= 2  # straight ahead is the photo
    assert np.abs(rest - pixels[height : 2 * height, :width]).mean() > 3
