"""Main program of a rendering process: orders come in through a pipe, replies go out.

Frames are rendered one row at a time on the main thread; sheets are encoded on threads of their
own while rendering goes on (Pillow releases the interpreter's lock). The process ends with its
parent; Ctrl-C does not reach it (process_pool.py blocks it): the parent decides.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from mmap import mmap
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from gpuworker import engines
from gpuworker.engines import Engine
from gpuworker.errors import RenderError, WorkerDied
from gpuworker.grid import NEUTRAL
from gpuworker.rendering import encoding, rig_photo, shared_memory, sheets
from gpuworker.rendering.heartbeat import Heartbeat
from gpuworker.rendering.messages import (
    Analyse,
    Done,
    EncodeSheet,
    Encoding,
    Failed,
    Order,
    Ready,
    RenderRow,
    Report,
    SetPortrait,
    SheetShape,
    Taken,
    UseSharedMemory,
    WriteAvif,
    WritePhoto,
    WritePoster,
    WriteRig,
)
from gpuworker.rig import rig_file
from gpuworker.vision import bundled_networks, matting_model, preparation
from gpuworker.vision.framing import FramedPortrait
from gpuworker.whole_file import write_whole

log = logging.getLogger(__name__)


def main(pipe: Connection, heart: Heartbeat, engine: str, analyst: bool) -> None:
    """Entry point of the spawned process. Orders come through `pipe`, replies go out through `heart`.

    `engine` is built before the first order, and an analyst loads the face models, so that both are warm.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    if analyst:
        bundled_networks.warm()
    WorkerProcess(pipe, heart, engine).serve()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)


class WorkerProcess:
    """Rendering process: its engines and its view of the shared memory."""

    def __init__(self, pipe: Connection, heart: Heartbeat, engine: str) -> None:
        self._pipe = pipe
        self._heart = heart
        self._encoder = ThreadPoolExecutor(encoding.sheets_at_once(engine), thread_name_prefix="encode")
        self._engines = {engine: engines.create(engine)}
        self._engine = self._engines[engine]
        self._portrait: FramedPortrait | None = None
        self._memory: mmap | None = None

    def serve(self) -> None:
        """Until the parent closes the pipe."""
        self._heart.send(Ready(self._refusal()))
        self._heart.end()
        while True:
            try:
                order: Order = self._pipe.recv()
            except EOFError:
                return
            self._heart.begin()
            if isinstance(order.task, Encoding):
                self._encoder.submit(self._answer, order)
            else:
                self._answer(order)

    def _refusal(self) -> RenderError | None:
        """Wait for an engine that loads weights; what is wrong with them, or with the matting model's, is for the
        parent to say."""
        if not isinstance(self._engine, engines.Loading):
            return None
        try:
            matting_model.configured()  # here, while the engine loads on a thread of its own
            self._engine.wait_ready()
        except RenderError as error:
            return error
        return None

    def _answer(self, order: Order) -> None:
        """Every order is answered exactly once with Done or Failed."""
        self._heart.send(self._answer_to(order))
        self._heart.end()

    def _answer_to(self, order: Order) -> Done | Failed:
        try:
            return Done(order.number, self._perform(order))
        except RenderError as error:
            return Failed(order.number, error)
        except MemoryError:
            log.exception("out of memory in %s", type(order.task).__name__)
            sentence = "The rendering process ran out of memory. Please try again."
            return Failed(order.number, WorkerDied(sentence))
        except Exception:  # the boundary of the process: the parent must hear of whatever it is
            log.exception("%s failed", type(order.task).__name__)
            return Failed(order.number, RenderError())

    def _perform(self, order: Order) -> Any:
        match order.task:
            case Analyse(request):
                return preparation.prepare(request)
            case SetPortrait(name, portrait, intensity):
                self._engine, self._portrait = self._built(name), portrait
                return self._engine.set_portrait(portrait, intensity)
            case UseSharedMemory(path):
                self._memory = shared_memory.attach(path) if path else None
                if path is None:
                    self._portrait = None
                    _give_memory_back()
            case RenderRow(shape, row, directions):
                sheet = self._sheet(shape)
                for col, frame in enumerate(self._engine.render(directions)):
                    sheets.place(sheet, row, col, frame)
                    self._heart.advance()
                return len(directions)
            case EncodeSheet(shape, rows, cols, path):
                image = sheets.image_of(self._sheet(shape), rows, cols)
                self._heart.send(Taken(order.number))
                sheets.write(image, path)
            case WritePoster(path, card):
                self._write_poster(path, card)
            case WriteRig(path):
                return self._write_rig(path)
            case WritePhoto(path):
                write_whole(path, rig_photo.webp(rig_photo.photo_of(self._given_portrait())))
                return rig_photo.photo_size(self._given_portrait())
            case WriteAvif(path, other):
                return self._write_smaller_avif(path, other)
            case Report():
                return dict(self._engine.report)
        return None

    def _write_poster(self, path: Path, card: Path | None) -> None:
        image = Image.fromarray(self._engine.render([NEUTRAL])[0])
        sheets.write_poster(image, path)
        if card is not None:
            sheets.write(sheets.on_ground(image), card, sheets.POSTER_QUALITY, sheets.POSTER_METHOD)

    def _write_rig(self, path: Path) -> bool:
        if not isinstance(self._engine, engines.Rigger):
            raise TypeError(f"the engine {self._engine.name} has no rig")
        try:
            data = rig_file.dumps(self._engine.rig())
        except MemoryError:
            raise
        except Exception:  # whatever the engine meets: the portrait has its sheets
            log.exception("the rig cannot be packed")
            return False
        write_whole(path, data)
        return True

    def _write_smaller_avif(self, path: Path, other: Path) -> bool:
        encoded = rig_photo.avif(rig_photo.photo_of(self._given_portrait()), other.stat().st_size)
        if encoded is not None:
            write_whole(path, encoded)
        return encoded is not None

    def _given_portrait(self) -> FramedPortrait:
        if self._portrait is None:
            raise RuntimeError("an order came before its portrait")
        return self._portrait

    def _sheet(self, shape: SheetShape) -> sheets.Pixels:
        if self._memory is None:
            raise RuntimeError("an order came before its shared memory")
        return np.frombuffer(self._memory, np.uint8, count=int(np.prod(shape))).reshape(shape)

    def _built(self, name: str) -> Engine:
        if name not in self._engines:
            self._engines[name] = engines.create(name)
        return self._engines[name]


def _give_memory_back() -> None:
    """process_pool.ENVIRONMENT has glibc keep what it once had; a process that only waits should be small."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
