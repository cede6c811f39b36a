"""The package of npm as `npm pack` makes it, and projects of other people that install it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import javascript
from tests.gaze import drawn
from tests.gaze.conftest import Handler, Server, Stage, watched

REPO = Path(__file__).parents[2]
OFFLINE = "the packages of this project could not be installed; is there a network?"


def npm(folder: Path, *arguments: str) -> str:
    """What an npm command prints; tests are left out aloud where there is none, or no way to its registry."""
    program = shutil.which("npm")
    if program is None:
        leave_out(javascript.NO_NPM)
    found = subprocess.run(
        [str(program), *arguments], cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    if "ENOTFOUND" in found.stderr or "EAI_AGAIN" in found.stderr:
        leave_out(OFFLINE)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def leave_out(why: str) -> None:
    """In CI that is an error."""
    if javascript.CI:
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    name = npm(REPO / "npm", "pack", "--pack-destination", str(folder)).splitlines()[-1]
    return folder / name


@pytest.fixture(scope="session")
def install(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Copies a project, installs its packages and ours, and gives it a portrait at /face/."""

    def install(name: str) -> Path:
        project = tmp_path_factory.mktemp(name) / name
        shutil.copytree(Path(__file__).parent / name, project)
        npm(project, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        npm(project, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", str(tarball))
        face = project / "public" / "face"
        face.mkdir(parents=True)
        drawn.write_portrait(face, "preview")
        (face / "poster.webp").write_bytes(drawn.poster())
        return project

    return install


def node(project: Path, script: str, *arguments: str) -> None:
    """Runs a program of a project's packages."""
    command = [javascript.NODE, str(project / "node_modules" / script), *arguments]
    found = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.fixture
def publish() -> Iterator[Callable[[Path], str]]:
    """Serves folders; returns their addresses."""
    servers: list[Server] = []

    def publish(folder: Path) -> str:
        servers.append(Server(("127.0.0.1", 0), partial(Handler, directory=str(folder))))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield publish
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Stage]:
    context = watched(browser)
    stage = Stage(context.new_page())
    yield stage
    assert stage.errors == []
    context.close()
