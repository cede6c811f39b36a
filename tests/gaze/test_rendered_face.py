"""A real photo, rendered by the command line, on the page that it writes, in a real browser."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from gpuworker.__main__ import main
from tests.gaze.conftest import Site, Stage, Staged
from tests.ruler import iris_u, only_face, turn

pytestmark = pytest.mark.slow
VIEWPORT = {"width": 1000, "height": 800}
CORNERS = {"top left": (4, 4), "top right": (996, 4), "bottom left": (4, 796), "bottom right": (996, 796)}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("face")
    Image.fromarray(skimage.data.astronaut()).save(folder / "photo.png")
    out = folder / "out"
    assert main(["render", str(folder / "photo.png"), str(out), "--levels", "preview,mobile", "--quiet"]) == 0
    return out


@pytest.fixture
def page(site: Site, rendered: Path) -> str:
    shutil.copytree(rendered, site.folder, dirs_exist_ok=True)
    return f"{site.url}/index.html"


def _picture(stage: Stage) -> NDArray[np.uint8]:
    """What the element shows once it has come to rest."""
    stage.settle()
    with Image.open(io.BytesIO(stage.page.locator("gaze-tracker").screenshot())) as image:
        return np.ascontiguousarray(image.convert("RGB"))


def test_four_corners_are_four_pictures_with_the_irises_on_the_right_side(staged: Staged, page: str) -> None:
    stage = staged(viewport=VIEWPORT)
    stage.open(page)
    stage.wait_for_level("mobile")
    stage.page.mouse.move(500, 400)
    middle = only_face(_picture(stage))
    pictures = {}
    for corner, (x, y) in CORNERS.items():
        stage.page.mouse.move(x, y)
        pictures[corner] = _picture(stage)
    for corner, picture in pictures.items():
        sideways, downwards = (1 if "right" in corner else -1), (1 if "bottom" in corner else -1)
        landmarks = only_face(picture)
        yaw, pitch = turn(middle, landmarks)
        assert yaw * sideways > 2, corner
        assert pitch * downwards > 2, corner
        for eye in (0, 1):
            moved = iris_u(landmarks[None, None], eye) - iris_u(middle[None, None], eye)
            assert moved.item() * sideways > 0.04, corner
        others = [other for name, other in pictures.items() if name != corner]
        assert all(np.abs(picture.astype(int) - other).mean() > 2 for other in others)


def test_without_webgl_the_still_picture_shows(staged: Staged, page: str) -> None:
    stage = staged(viewport=VIEWPORT)
    stage.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    stage.open(page)
    stage.wait_for("() => told.some((each) => each.type === 'gaze-error')")
    still = _picture(stage)
    stage.page.mouse.move(4, 4)
    assert np.abs(_picture(stage).astype(int) - still).mean() < 0.5  # the page's own fade may still round
    assert only_face(still).shape == (478, 3)


def test_the_page_of_a_rig_alone_is_alive(staged: Staged, site: Site, rendered: Path, tmp_path: Path) -> None:
    assert main(["render", str(rendered.parent / "photo.png"), str(tmp_path), "--levels", "rig", "--quiet"]) == 0
    shutil.copytree(tmp_path, site.folder, dirs_exist_ok=True)
    stage = staged(viewport=VIEWPORT)
    stage.open(f"{site.url}/index.html")
    stage.wait_for_level("rig")
    assert stage.told("gaze-error") == []
    with Image.open(io.BytesIO(stage.page.locator("gaze-tracker").screenshot())) as image:
        assert only_face(np.ascontiguousarray(image.convert("RGB"))).shape == (478, 3)
