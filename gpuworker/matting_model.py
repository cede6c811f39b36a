"""A matting network on ONNX Runtime: BiRefNet for portraits, the file that rembg publishes, read from disk.

The environment variable GAZE_MATTING names the file; without it there is no such model. Nothing is
ever fetched, and nothing leaves this machine. onnxruntime comes with the extra “gpu”.
"""

from __future__ import annotations

import hashlib
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines import DEVICE
from gpuworker.errors import BadRequest, WrongWeights

FILE = "GAZE_MATTING"
"""The environment variable that names the model's file."""
NAME = "BiRefNet-portrait-epoch_150.onnx"
MD5 = "c3a64a6abf20250d090cd055f12a3b67"
"""As rembg publishes it; there is no stronger hash from its authors."""

GPU, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
SIDE = 1024
"""Pixels of what the network sees, where the file leaves it open."""


def configured() -> MattingModel | None:
    """The model that the environment names, loaded once; None where it names none.

    Raises WrongWeights for another file, BadRequest where onnxruntime or the GPU it must run on is missing.
    """
    named = os.environ.get(FILE)
    return _loaded(Path(named), os.environ.get(DEVICE, "auto")) if named else None


@cache
def _loaded(path: Path, device: str) -> MattingModel:
    return MattingModel(path, device)


class MattingModel:
    """One file, on the GPU where `device` is “cuda”, or where it is “auto” and onnxruntime sees one."""

    def __init__(self, path: Path, device: str) -> None:
        content = _verified(path)
        try:
            import onnxruntime
        except ModuleNotFoundError as error:
            raise BadRequest("Matting with a model needs onnxruntime: install the extra “gpu”.") from error
        wanted = GPU if device == "cuda" or (device == "auto" and GPU in onnxruntime.get_available_providers()) else CPU
        if wanted not in onnxruntime.get_available_providers():
            raise BadRequest(f"This onnxruntime has no {wanted}; install onnxruntime-gpu instead of onnxruntime.")
        self._session: Any = onnxruntime.InferenceSession(content, providers=[wanted])
        if self._session.get_providers()[0] != wanted:  # it falls back with no more than a line in the log
            raise BadRequest(f"The matting model was to run on {wanted}, but runs on {self._session.get_providers()}.")
        self._input = self._session.get_inputs()[0]
        self._lock = threading.Lock()
        self.inferences = 0

    def matte(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(H, W) float32, 0 … 1, for (H, W, 3) uint8."""
        height, width = (side if isinstance(side, int) else SIDE for side in self._input.shape[2:])
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        normal = ((small - MEAN) / DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
        with self._lock:
            (logits, *_) = self._session.run(None, {self._input.name: normal})
            self.inferences += 1
        share = 1 / (1 + np.exp(-logits[0, 0].astype(np.float32)))
        low, high = float(share.min()), float(share.max())
        share = (share - low) / max(high - low, 1e-6)
        full = cv2.resize(share, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_CUBIC)
        return np.asarray(np.clip(full, 0, 1), np.float32)


def _verified(path: Path) -> bytes:
    """The file's bytes. Raises WrongWeights, with both hashes for another file than the one that is named here."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WrongWeights(
            f"The matting model {path} cannot be read: {error.strerror}. It is rembg's {NAME}."
        ) from error
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != MD5:
        raise WrongWeights(f"{path} is not {NAME}: its MD5 is {digest}, but {MD5} is expected.")
    return content
