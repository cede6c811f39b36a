from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]


def listed(*patterns: str) -> list[Path]:
    """Files of the working tree that git tracks or would, relative to the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    found = subprocess.run(command, cwd=REPO, check=True, capture_output=True, text=True)
    names = {Path(name) for name in found.stdout.split("\0") if name}
    return sorted(name for name in names if (REPO / name).is_file())


@pytest.fixture(scope="session")
def repo() -> Path:
    return REPO


@pytest.fixture(scope="session")
def files() -> list[Path]:
    return listed()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> Path:
    """What a fresh clone of this working tree would hold: no environment, no build, no caches."""
    folder = tmp_path_factory.mktemp("a clone")
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPO / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def astronaut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """NASA's photograph of Eileen Collins, 512×512, as a PNG file."""
    from PIL import Image
    from skimage.data import astronaut as photograph

    path = tmp_path_factory.mktemp("portrait") / "astronaut.png"
    Image.fromarray(photograph()).save(path)
    return path
