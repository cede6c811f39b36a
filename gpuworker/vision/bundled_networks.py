"""The four small networks in gpuworker/vision/models: verified, loaded once, run."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

MODELS = Path(__file__).parent / "models"
NAMES = ("face_detection_short_range", "face_landmark", "iris_landmark", "selfie_segmentation")


def warm() -> None:
    """Load all of them now, so that the first photo does not wait for them."""
    with _quiet_runtime():
        for name in NAMES:
            network(name)


@cache
def network(name: str) -> Network:
    """Loaded on first use, once per process."""
    return Network(name)


class Network:
    """One tflite file on one thread. Its bytes are kept: the interpreter reads them in place."""

    def __init__(self, name: str) -> None:
        self._content = _verified(name)
        self._interpreter = Interpreter(model_content=self._content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]
        self._lock = threading.Lock()

    def run(self, picture: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Outputs in the file's order for one (n, n, 3) picture, scaled as the network wants it."""
        with self._lock:
            self._interpreter.set_tensor(self._input, picture[None].astype(np.float32))
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index) for index in self._outputs]


def _verified(name: str) -> bytes:
    """The model file's bytes. Raises RuntimeError with both hashes when they are not the listed ones."""
    file = f"{name}.tflite"
    lines = (MODELS / "SHA256SUMS").read_text().splitlines()
    expected = {line.split()[1]: line.split()[0] for line in lines if line}.get(file, "nothing")
    content = (MODELS / file).read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise RuntimeError(f"{MODELS / file} is damaged: its SHA-256 is {actual}, SHA256SUMS lists {expected}")
    return content


@contextmanager
def _quiet_runtime() -> Iterator[None]:
    """LiteRT announces its delegate on standard error, in the middle of a progress bar; there is no switch for it."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
