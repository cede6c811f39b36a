"""A matting network by rembg on ONNX Runtime: BiRefNet for portraits, read from a file on disk.

The environment variable GAZE_MATTING names the file; without it, it is the one that
`python -m gpuworker fetch-weights --which matting` has put into the folder of weights; where that is
not either, there is no such model. rembg is given the verified file and fetches nothing; its sessions
that send pictures away are never made. rembg and onnxruntime come with the extra “gpu”.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpuworker import weights
from gpuworker.environment import DEVICE
from gpuworker.errors import BadRequest

FILE = "GAZE_MATTING"
"""The environment variable that names the model's file."""
NAME = "birefnet-portrait"
"""The model's name in rembg."""

GPU, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
ON_THE_CPU = f"The background was removed by {NAME} on the CPU, as {DEVICE} asks for; a GPU is far quicker."


def configured() -> MattingModel | None:
    """The model that the environment names, loaded once; None where it names none.

    Raises WrongWeights for another file, BadRequest where rembg or the GPU it must run on is missing.
    """
    path = _path()
    return _loaded(path, os.environ.get(DEVICE, "auto")) if path else None


def _path() -> Path | None:
    if named := os.environ.get(FILE):
        return Path(named)
    fetched = Path(os.environ.get(weights.FOLDER, "")) / weights.MATTING.path
    return fetched if os.environ.get(weights.FOLDER) and fetched.exists() else None


@cache
def _loaded(path: Path, device: str) -> MattingModel:
    return MattingModel(path, device)


class MattingModel:
    """One file on the GPU, or on the CPU where `device` is “cpu”: nothing falls back to it.

    advice: what a person should know about the mattes.
    """

    def __init__(self, path: Path, device: str) -> None:
        if device not in ("auto", "cuda", "cpu"):
            raise BadRequest(f"There is no device “{device}”; there is auto, cuda, cpu.")
        provider = CPU if device == "cpu" else GPU
        self.advice = (ON_THE_CPU,) if provider == CPU else ()
        self._session = _session(weights.verified(path, weights.MATTING), provider)
        self._lock = threading.Lock()
        self.inferences = 0

    def matte(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(H, W) float32, 0 … 1, for (H, W, 3) uint8."""
        # Of a picture in which it sees nothing rembg divides 0 by 0, and its exponentials may overflow: both mean 0.
        with self._lock, np.errstate(over="ignore", invalid="ignore"):
            (mask,) = self._session.predict(Image.fromarray(picture))
            self.inferences += 1
        return (np.asarray(mask) / np.float32(255)).astype(np.float32)


def _session(path: Path, provider: str) -> Any:
    """rembg's session for portraits on this very file. Raises BadRequest where it cannot run on the provider."""
    # Of what rembg imports, Numba would compile for a minute what only its own refinement of edges needs.
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
    try:
        import onnxruntime  # first: without it, importing rembg would end the process
        from rembg.sessions.birefnet_portrait import BiRefNetSessionPortrait
    except ModuleNotFoundError as error:
        raise BadRequest(
            f"Matting with a model needs rembg, and {error.name} is missing: install the extra “gpu”."
        ) from error
    if provider not in onnxruntime.get_available_providers():
        raise BadRequest(
            f"This onnxruntime has no {provider}: install onnxruntime-gpu instead of onnxruntime, "
            f"or set {DEVICE}=cpu to have mattes made on the CPU."
        )

    class OnThisFile(BiRefNetSessionPortrait):  # type: ignore[misc]  # rembg carries no types
        @classmethod
        def download_models(cls, *rest: object, **named: object) -> str:
            """rembg loads what this returns; its own would look into its cache, and fetch what is not there."""
            return str(path)

    session = OnThisFile(NAME, onnxruntime.SessionOptions(), providers=[provider])
    running = session.inner_session.get_providers()
    if running[0] != provider:  # onnxruntime falls back with no more than a line in the log
        raise BadRequest(f"The matting model was to run on {provider}, but runs on {', '.join(running)}.")
    return session
