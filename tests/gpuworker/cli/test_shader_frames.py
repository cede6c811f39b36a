"""The shader's frames for contact sheets, and the sentences where it cannot draw."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import Browser

from gpuworker.cli import shader_frames, standalone_page
from gpuworker.cli.shader_frames import ShaderUnavailableError
from gpuworker.contract import Size
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.grid import NEUTRAL, Direction
from gpuworker.rendering import rig_photo
from gpuworker.rig import rig_file
from gpuworker.vision.framing import FramedPortrait
from tests import chromium
from tests.gpuworker.pictures import encoded

LOOKS = (NEUTRAL, Direction(-15, 0), Direction(15, 0), Direction(9, 12))


def packed(portrait: FramedPortrait, intensity: float = 1.0) -> tuple[WarpEngine, bytes, bytes]:
    """An engine with the portrait, its rig and its photo."""
    engine = WarpEngine()
    engine.set_portrait(portrait, intensity)
    return engine, rig_file.dumps(engine.rig()), rig_photo.webp(rig_photo.photo_of(portrait))


def test_the_shader_s_frames_are_those_of_the_engine(browser: Browser, framed: FramedPortrait) -> None:
    engine, rig, photo = packed(framed, 1.5)
    drawn = shader_frames.draw_in(browser, rig, photo, LOOKS, framed.frame)
    rendered = engine.render([look.scaled(1.5) for look in LOOKS])
    assert drawn.shape == rendered.shape == (4, 512, 410, 3)
    apart = np.abs(drawn[:, None].astype(int) - rendered[None]).mean((2, 3, 4))
    assert list(apart.argmin(axis=1)) == [0, 1, 2, 3]
    assert apart.diagonal().max() < 0.5 * apart[~np.eye(4, dtype=bool)].min()


def test_lids_come_down_as_far_as_asked(browser: Browser, framed: FramedPortrait) -> None:
    _, rig, photo = packed(framed)
    (x0, y0), (x1, y1) = framed.landmarks[[33, 263], :2] + ((0, -15), (0, 15))
    eyes = np.s_[int(y0) : int(y1), int(x0) : int(x1)]
    frames = shader_frames.draw_in(browser, rig, photo, [NEUTRAL] * 3, framed.frame, [0, 0.5, 1])
    open_eyes, half, shut = (frame[eyes].astype(int) for frame in frames)
    assert 2 < np.abs(half - open_eyes).mean() < np.abs(shut - open_eyes).mean()


def test_a_person_without_background_stays_without_one(browser: Browser, framed: FramedPortrait) -> None:
    alpha = np.full(framed.picture.shape[:2], 255, np.uint8)
    alpha[:, :200] = 0
    _, rig, photo = packed(replace(framed, alpha=alpha))
    (drawn,) = shader_frames.draw_in(browser, rig, photo, LOOKS[:1], Size(205, 256))
    assert drawn.shape == (256, 205, 4)
    assert drawn[:, :40, 3].max() == 0
    assert drawn[:, 60:, 3].min() == 255


def test_a_package_without_the_element_s_modules_cannot_draw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(standalone_page, "IN_PACKAGE", tmp_path)
    with pytest.raises(ShaderUnavailableError, match="only in a checkout"):
        shader_frames.draw(b"", b"", LOOKS, Size(64, 64))


def test_without_playwright_the_shader_cannot_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(ShaderUnavailableError, match="Playwright is not installed"):
        shader_frames.draw(b"", b"", LOOKS, Size(64, 64))


def test_without_a_chromium_the_shader_cannot_draw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    playwright = SimpleNamespace(chromium=SimpleNamespace(executable_path=str(tmp_path / "chrome")))
    with pytest.raises(ShaderUnavailableError, match="no Chromium is installed"):
        shader_frames._launched(playwright)


@pytest.mark.slow
def test_the_command_says_that_the_shader_has_drawn(astronaut: np.ndarray, tmp_path: Path) -> None:
    found = chromium.find()
    (tmp_path / "chromium").symlink_to(shutil.which(found.executable) or found.executable)
    (tmp_path / "photo.jpg").write_bytes(encoded(astronaut))
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    if found.libraries:
        environment["LD_LIBRARY_PATH"] = str(found.libraries)
    command = [sys.executable, "-m", "gpuworker", "contact-sheets", str(tmp_path / "photo.jpg"), str(tmp_path / "out")]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "Drawn by the element's shader in Chromium." in result.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"blinks.png", "contact.png", "eyes.png"}
