"""The loop inside a rendering process, driven through a real pipe on a thread of this one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gpuworker import engines
from gpuworker.contract import RenderRequest, Size
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.errors import NoFace, RenderError
from gpuworker.grid import Direction
from gpuworker.rendering.heartbeat import Heartbeat
from gpuworker.rendering.messages import (
    Analyse,
    Done,
    EncodeSheet,
    Failed,
    Order,
    Ready,
    RenderRow,
    Reply,
    Report,
    SetPortrait,
    Taken,
    Task,
    UseSharedMemory,
    WriteAvif,
    WritePhoto,
    WritePoster,
    WriteRig,
)
from gpuworker.rendering.process_main import WorkerProcess
from gpuworker.rendering.shared_memory import SharedMemory, attach
from gpuworker.rig import rig_file
from gpuworker.rig.damage import DamagedRig
from gpuworker.vision.framing import FramedPortrait
from tests.gpuworker.pictures import encoded


class Line:
    """Orders to a child, and its replies."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe

    def send(self, task: Task) -> None:
        self.pipe.send(Order(1, task))

    def receive(self) -> Reply:
        assert self.pipe.poll(30)
        reply: Reply = self.pipe.recv()
        return reply

    def ask(self, task: Task) -> Reply:
        self.send(task)
        return self.receive()


@pytest.fixture
def line() -> Iterator[Line]:
    ours, theirs = Pipe()
    heart = Heartbeat(theirs)
    heart.begin()
    thread = threading.Thread(target=WorkerProcess(theirs, heart, "warp").serve)
    thread.start()
    assert ours.recv() == Ready()
    yield Line(ours)
    ours.close()
    thread.join()
    theirs.close()


def test_a_photo_becomes_a_portrait(line: Line, astronaut: np.ndarray) -> None:
    reply = line.ask(Analyse(RenderRequest(photo=encoded(astronaut))))
    assert isinstance(reply, Done)
    portrait, advice = reply.value
    assert portrait.picture.shape == (1024, 820, 3)
    assert advice == ()


def test_a_wall_is_answered_with_its_own_error(line: Line) -> None:
    reply = line.ask(Analyse(RenderRequest(photo=encoded(np.full((300, 300, 3), 190, np.uint8)))))
    assert isinstance(reply, Failed)
    assert isinstance(reply.error, NoFace)


def test_a_row_is_drawn_and_encoded_while_the_canvas_is_free_again(
    line: Line, framed: FramedPortrait, tmp_path: Path
) -> None:
    shape = (1, 256, 2, 205, 3)
    with SharedMemory(int(np.prod(shape))) as memory:
        line.ask(SetPortrait("warp", framed, 1.0))
        line.ask(UseSharedMemory(memory.path))
        assert line.ask(RenderRow(shape, 0, (Direction(-15, 0), Direction(15, 0)))) == Done(1, 2)
        drawn = np.frombuffer(attach(memory.path), np.uint8).reshape(shape)
        assert np.abs(drawn[:, :, 0].astype(int) - drawn[:, :, 1]).mean() > 2
        assert line.ask(EncodeSheet(shape, (0,), (0, 1), tmp_path / "sheet.webp")) == Taken(1)
        assert line.receive() == Done(1)
        with Image.open(tmp_path / "sheet.webp") as image:
            assert image.size == (410, 256)
        line.ask(UseSharedMemory(None))


def test_the_poster_is_the_neutral_frame(line: Line, framed: FramedPortrait, tmp_path: Path) -> None:
    line.ask(SetPortrait("warp", framed, 1.0))
    line.ask(WritePoster(tmp_path / "poster.webp"))
    with Image.open(tmp_path / "poster.webp") as image:
        assert image.size == (framed.frame.width, framed.frame.height)
    report = line.ask(Report())
    assert isinstance(report, Done)
    assert report.value["frames"] == 1


def test_a_rig_is_written_with_the_photo_beside_it(line: Line, framed: FramedPortrait, tmp_path: Path) -> None:
    line.ask(SetPortrait("warp", framed, 1.5))
    assert line.ask(WriteRig(tmp_path / "rig.bin")) == Done(1, value=True)
    rig = rig_file.loads((tmp_path / "rig.bin").read_bytes())
    assert (rig.frame, rig.intensity, len(rig.eyes)) == (framed.frame, 1.5, 2)
    assert line.ask(WritePhoto(tmp_path / "photo.webp")) == Done(1, Size(220, 275))
    assert line.ask(WriteAvif(tmp_path / "photo.avif", tmp_path / "photo.webp")) == Done(1, value=True)
    report = line.ask(Report())
    assert isinstance(report, Done)
    assert report.value["frames"] == 0


def test_a_photo_without_a_portrait_and_a_rig_of_an_engine_without_one_are_faults(
    line: Line, framed: FramedPortrait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(line.ask(WritePhoto(tmp_path / "photo.webp")), Failed)
    line.ask(SetPortrait("warp", framed, 1.0))
    monkeypatch.setattr(engines, "Rigger", str)
    assert isinstance(line.ask(WriteRig(tmp_path / "rig.bin")), Failed)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [DamagedRig("range", "height"), RenderError(), ZeroDivisionError()])
def test_a_rig_that_cannot_be_packed_is_logged_and_no_failure(
    line: Line,
    framed: FramedPortrait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def fail(engine: WarpEngine) -> None:
        raise error

    line.ask(SetPortrait("warp", framed, 1.0))
    monkeypatch.setattr(WarpEngine, "rig", fail)
    assert line.ask(WriteRig(tmp_path / "rig.bin")) == Done(1, value=False)
    assert list(tmp_path.iterdir()) == []
    (record,) = (each for each in caplog.records if each.getMessage() == "the rig cannot be packed")
    assert record.exc_info
    assert record.exc_info[1] is error


def test_a_process_that_waits_keeps_no_photo(line: Line, framed: FramedPortrait, tmp_path: Path) -> None:
    line.ask(SetPortrait("warp", framed, 1.0))
    line.ask(UseSharedMemory(None))
    assert isinstance(line.ask(WritePhoto(tmp_path / "photo.webp")), Failed)
