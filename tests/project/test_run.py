"""`make run` in a fresh clone: an environment without torch, a site that answers, and a clean end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.gpuworker.processes import eventually
from tests.site.running import free_port


@pytest.mark.slow
def test_make_run_serves_the_site_with_python_only(clone: Path, tmp_path: Path) -> None:
    port, printed = free_port(), tmp_path / "printed"
    path = os.pathsep.join([str(Path(sys.executable).resolve().parent), "/usr/bin", "/bin"])
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "GAZE_", "MAKE"))}
    with printed.open("wb") as log:
        site = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env=environment | {"PORT": str(port), "PATH": path},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        assert eventually(lambda: site.poll() is not None or "sign in, once" in printed.read_text(), 600)
        assert site.poll() is None, printed.read_text()
        link = re.search(rf"{address}/sign-in/\S+", printed.read_text())
        assert link is not None
        with httpx.Client(follow_redirects=True) as person:
            assert person.get(link[0]).status_code == 200
            assert person.get(f"{address}/account/").status_code == 200
            assert eventually(lambda: person.get(f"{address}/demo/manifest.json").status_code == 200, 120)
    finally:
        os.killpg(site.pid, signal.SIGINT)
        site.wait(timeout=60)
    assert "Stopped." in printed.read_text()
    freeze = [str(clone / ".venv" / "bin" / "python"), "-m", "pip", "list", "--format=freeze"]
    installed = {line.split("==")[0].lower() for line in subprocess.check_output(freeze, text=True).splitlines()}
    assert not installed & {"torch", "onnxruntime", "onnxruntime-gpu", "rembg"}
