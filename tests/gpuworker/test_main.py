"""The command line as a person uses it: real processes, exit codes, sentences."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from gpuworker import errors
from gpuworker.__main__ import main
from gpuworker.contract import Manifest, Progress
from gpuworker.rendering.process_pool import ProcessPool
from gpuworker.rendering.scheduler import render
from tests.gpuworker.pictures import encoded

pytestmark = pytest.mark.slow  # each runs the command line in a process of its own

SMALL = ("--size", "120x150")


@pytest.fixture
def photo(astronaut: NDArray[np.uint8], tmp_path: Path) -> Path:
    path = tmp_path / "a portrait.jpg"
    path.write_bytes(encoded(astronaut))
    return path


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPool]:
    with ProcessPool(size=2) as pool:
        yield pool


@pytest.fixture(autouse=True)
def shared_pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands within this process share their rendering processes, which take seconds to start."""

    def render_with_it(*arguments: Any, **named: Any) -> Iterator[Progress]:
        return render(*arguments, pool=request.getfixturevalue("pool"), **named)

    monkeypatch.setattr("gpuworker.rendering.scheduler.render", render_with_it)


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gpuworker", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_photo_becomes_a_folder_with_a_page(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = _run("render", photo, out, *SMALL)
    assert result.returncode == 0, result.stderr
    manifest = Manifest.loads((out / "manifest.json").read_text())
    assert manifest.complete
    assert [level.name for level in manifest.levels] == ["rig", "preview", "mobile", "full"]
    assert (out / "index.html").exists()
    assert (out / "gaze-tracker.js").exists()
    assert "http.server" in result.stdout


def test_sheets_without_a_page(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["render", str(photo), str(out), *SMALL, "--levels", "preview", "--no-page", "--quiet"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "poster.webp", "preview.webp"]


def test_a_rig_alone_is_a_folder_of_kilobytes_with_a_page(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["render", str(photo), str(out), *SMALL, "--levels", "rig"]) == 0
    manifest = Manifest.loads((out / "manifest.json").read_text())
    assert manifest.complete
    assert [level.files for level in manifest.levels] == [("rig.bin", "photo.webp")]
    assert (out / "index.html").exists()
    shown = capsys.readouterr()
    assert re.search(r"out: [0-9]+ KB in [0-9.]+ s", shown.out)
    assert "preview: Measuring how the face moves" in shown.err


def test_a_rig_of_an_engine_that_has_none_is_a_sentence(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--engine", "liveportrait", "--levels", "rig"]
    assert main(["render", str(photo), str(tmp_path / "out"), *options]) == errors.BadRequest.exit_code
    assert "liveportrait has no rig" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def _pictures(astronaut: NDArray[np.uint8]) -> dict[str, tuple[bytes, type[errors.RenderError]]]:
    small = np.asarray(Image.fromarray(astronaut).resize((220, 220), Image.Resampling.LANCZOS))
    wall = np.full((400, 400, 3), (200, 195, 190), np.uint8)
    return {
        "blank wall": (encoded(wall), errors.NoFace),
        "two faces": (encoded(np.hstack([astronaut, astronaut])), errors.SeveralFaces),
        "40 px face": (encoded(small), errors.FaceTooSmall),
        "half-cut face": (encoded(np.ascontiguousarray(astronaut[:, 225:])), errors.FaceCut),
        "truncated JPEG": (encoded(astronaut)[:20_000], errors.UnreadablePhoto),
        "empty file": (b"", errors.UnreadablePhoto),
    }


@pytest.mark.parametrize(
    "case", ["blank wall", "two faces", "40 px face", "half-cut face", "truncated JPEG", "empty file"]
)
def test_a_bad_photo_has_its_own_sentence_and_exit_code_and_leaves_nothing(
    case: str, astronaut: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, error = _pictures(astronaut)[case]
    (tmp_path / "photo.jpg").write_bytes(content)
    assert main(["render", str(tmp_path / "photo.jpg"), str(tmp_path / "out"), "--quiet"]) == error.exit_code
    sentences = capsys.readouterr().err
    assert len(sentences.splitlines()[0]) > 40
    assert not (tmp_path / "out").exists()
    if case == "two faces":
        assert "--face 1" in sentences


def test_a_cat_is_not_a_portrait(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cat.jpg").write_bytes(encoded(skimage.data.chelsea()))
    code = main(["render", str(tmp_path / "cat.jpg"), str(tmp_path / "out"), "--quiet"])
    assert code in (errors.FaceUnclear.exit_code, errors.NoFace.exit_code)
    assert not (tmp_path / "out").exists()
    assert "face" in capsys.readouterr().err


def test_one_of_several_faces_can_be_chosen(astronaut: NDArray[np.uint8], tmp_path: Path) -> None:
    (tmp_path / "two.jpg").write_bytes(encoded(np.hstack([astronaut, astronaut])))
    arguments = [str(tmp_path / "two.jpg"), str(tmp_path / "out"), *SMALL, "--levels", "preview", "--quiet"]
    assert main(["render", *arguments, "--face", "1"]) == 0


@pytest.mark.parametrize(
    ("option", "word"),
    [
        (("--size", "huge"), "size"),
        (("--crop", "1,2,3"), "crop"),
        (("--levels", "ultra"), "levels"),
        (("--engine", "magic"), "engine"),
        (("--intensity", "9"), "intensity"),
        (("--face", "7"), "face"),
    ],
)
def test_a_bad_option_is_a_sentence(
    photo: Path, tmp_path: Path, option: tuple[str, str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(photo), str(tmp_path / "out"), "--quiet", *option]) == errors.BadRequest.exit_code
    assert word in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_photo_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "nowhere.jpg")
    assert main(["render", missing, str(tmp_path / "out")]) == errors.UnreadablePhoto.exit_code
    assert "cannot be read" in capsys.readouterr().err


def test_ctrl_c_ends_with_a_sentence_and_leaves_nothing(photo: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gpuworker", "render", str(photo), str(tmp_path / "out"), *SMALL]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        assert any(line.startswith("rendering") for line in process.stderr)
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait() == errors.Cancelled.exit_code
    assert errors.Cancelled.sentence_default in rest
    assert "Traceback" not in rest
    assert not (tmp_path / "out").exists()


def test_a_polite_request_to_end_leaves_nothing_either(photo: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gpuworker", "render", str(photo), str(tmp_path / "out"), *SMALL]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any(line.startswith("rendering") for line in process.stderr)
        process.terminate()
        assert process.wait() == errors.Cancelled.exit_code
        assert "Traceback" not in process.stderr.read()
    assert not (tmp_path / "out").exists()


def test_another_page_is_not_replaced(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "index.html").write_text("<title>my home page</title>")
    assert main(["render", str(photo), str(tmp_path)]) == errors.OutputFailed.exit_code
    assert "another page" in capsys.readouterr().err
    assert (tmp_path / "index.html").read_text() == "<title>my home page</title>"


@pytest.mark.parametrize(
    "arguments",
    [
        ("loop", "{photo}", "{nowhere}/loop.webp"),
        ("loop", "{photo}", "{nowhere}.webp", "--width", "0"),
        ("inspect", "{photo}", "--annotated", "{nowhere}/seen.png"),
        ("contact-sheets", "{photo}", "{photo}"),
    ],
)
def test_what_cannot_be_written_is_a_sentence(
    arguments: tuple[str, ...], photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [argument.format(photo=photo, nowhere=tmp_path / "nowhere") for argument in arguments]
    assert main(filled) in (errors.OutputFailed.exit_code, errors.BadRequest.exit_code)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_inspect_says_what_it_sees(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(photo), "--annotated", str(tmp_path / "seen.png")]) == 0
    assert "px wide" in capsys.readouterr().out
    assert (tmp_path / "seen.png").exists()
    assert main(["inspect", str(photo), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] is None


def test_contact_sheets_are_written_and_it_is_said_by_what_they_were_drawn(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    assert main(["contact-sheets", str(photo), str(tmp_path / "sheets")]) == 0
    assert {path.name for path in (tmp_path / "sheets").iterdir()} == {"contact.png", "eyes.png"}
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [str(tmp_path / "sheets" / name) for name in ("contact.png", "eyes.png")]
    assert "Drawn by the engine warp: Playwright is not installed." in shown.err


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("serve", "gpuworker.server.http_server"),
        ("health", "gpuworker.workers.http_client"),
        ("reap", "gpuworker.fleet.reaper"),
    ],
)
def test_what_needs_an_extra_says_how_to_install_it(
    command: str, module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert main([command]) == errors.BadRequest.exit_code
    assert "pip install 'gazesite[worker]'" in capsys.readouterr().err
