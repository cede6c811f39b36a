"""The images' install steps, in an empty folder: what they make starts, and what fails stops them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.deploy.build_context import lay_out
from tests.deploy.fakes import FakeCommands
from tests.gpuworker.processes import eventually
from tests.site.running import free_port

SCRIPTS = ("install-site.sh", "install-worker.sh")
TOKEN = "of-the-worker-0123456789"


def environment(*first: Path, **more: str) -> dict[str, str]:
    """A bare one, with this machine's way to packages."""
    packages = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    path = ":".join([*map(str, first), os.environ["PATH"]])
    return packages | {"PATH": path, "HOME": os.environ.get("HOME", "/"), "PYTHON": sys.executable} | more


def install(folder: Path, script: str, **more: str) -> Path:
    """Both steps, as a Dockerfile runs them. The folder of the environment's commands."""
    for step in ("dependencies", script.removeprefix("install-").removesuffix(".sh")):
        done = subprocess.run(
            [f"deploy/{script}", step, folder / ".venv"],
            cwd=folder,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / ".venv" / "bin"


def installed(commands: Path) -> str:
    done = subprocess.run(
        [commands / "python", "-m", "pip", "list"], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.lower()


@pytest.mark.slow
def test_the_steps_in_an_empty_folder_make_a_site_that_serves(repo: Path, tmp_path: Path, fakes: FakeCommands) -> None:
    folder = lay_out(repo, tmp_path / "app")
    commands = install(folder, "install-site.sh")
    assert not any(f"\n{name} " in installed(commands) for name in ("torch", "onnxruntime", "pytest", "mypy"))
    fakes.add("id", output="10001\n")  # the tests may run as root, the image does not
    port = free_port()
    started = environment(fakes.folder, commands, PORT=str(port), GAZE_DATA=str(tmp_path / "data"), HOST="127.0.0.1")
    with (tmp_path / "log").open("wb") as log:
        site = subprocess.Popen(
            [folder / "deploy" / "start.sh", "site"], cwd=folder, env=started, stdout=log, stderr=log
        )
    try:
        probe = [commands / "python", "deploy/probe.py", "readyz"]
        ready = eventually(lambda: subprocess.run(probe, cwd=folder, env=started, timeout=60).returncode == 0, 120)
        assert ready, (tmp_path / "log").read_text()
        page = httpx.get(f"http://localhost:{port}/", timeout=30)
        assert (page.status_code, "</html>" in page.text) == (200, True)
    finally:
        site.send_signal(signal.SIGTERM)
        code = site.wait(60)
    assert code == 0, (tmp_path / "log").read_text()


@pytest.mark.slow
def test_the_steps_in_an_empty_folder_make_a_worker_that_becomes_ready(repo: Path, tmp_path: Path) -> None:
    folder = lay_out(repo, tmp_path / "app")
    commands = install(folder, "install-worker.sh", EXTRAS="worker")
    assert "\ndjango " not in installed(commands)
    port = free_port()
    started = environment(commands, PORT=str(port), WORKER_TOKEN=TOKEN)
    serve = [commands / "python", "-m", "gpuworker", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(serve, cwd=folder, env=started, stdout=log, stderr=log)
    try:
        probe = [commands / "python", "deploy/probe.py", "health"]
        ready = eventually(lambda: subprocess.run(probe, cwd=folder, env=started, timeout=60).returncode == 0, 120)
        assert ready, (tmp_path / "log").read_text()
    finally:
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(60)
    assert code == 0, (tmp_path / "log").read_text()


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_step_that_fails_stops_the_script(fakes: FakeCommands, tmp_path: Path, script: str) -> None:
    fakes.add("broken-python", code=3)
    done = fakes.run(f"deploy/{script}", "dependencies", tmp_path / "env", PYTHON="broken-python")
    assert done.returncode == 3
    assert [call.words[1:3] for call in fakes.calls] == [["-m", "venv"]]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("words", [(), ("site",), ("worker",)])
def test_a_script_without_a_step_says_what_there_is_and_does_nothing(
    fakes: FakeCommands, script: str, words: tuple[str, ...]
) -> None:
    done = fakes.run(f"deploy/{script}", *words)
    assert done.returncode == 2
    assert "dependencies ENVIRONMENT" in done.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_unknown_step_is_named(fakes: FakeCommands, tmp_path: Path, script: str) -> None:
    done = fakes.run(f"deploy/{script}", "everything", tmp_path / "env")
    assert done.returncode == 2
    assert "no step everything" in done.stderr
    assert not (tmp_path / "env").exists()
