"""LivePortrait engine: the portrait once through F and M, its frames in batches through W and G."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gpuworker import cores, weights
from gpuworker.contract import RenderRequest
from gpuworker.engines.liveportrait import self_check
from gpuworker.engines.liveportrait.alignment import Alignment
from gpuworker.engines.liveportrait.compilation.batches import Batches, gpu_memory
from gpuworker.engines.liveportrait.compilation.compile_attempts import CompileAttempts
from gpuworker.engines.liveportrait.compilation.compile_cache import CompileCache
from gpuworker.engines.liveportrait.compilation.compiled_runner import EAGER, CompiledRunner
from gpuworker.engines.liveportrait.gaze import Gaze
from gpuworker.engines.liveportrait.keypoints import Face, driving_keypoints, source_keypoints
from gpuworker.engines.liveportrait.matte import Matte
from gpuworker.engines.liveportrait.nets.networks import Networks
from gpuworker.engines.liveportrait.pasting import Paste
from gpuworker.environment import DEVICE
from gpuworker.errors import BadRequest
from gpuworker.grid import DRAFT, FULL, NEUTRAL, Direction
from gpuworker.vision import preparation
from gpuworker.vision.framing import FramedPortrait

log = logging.getLogger(__name__)

COMPILE = "GAZE_COMPILE"
"""Environment variable that says where W and G are compiled: auto (on a GPU), on (everywhere) or off."""
SEEN = 256
"""Pixels of the square as F and M see it."""
SELF_CHECK_IMAGE = Path(__file__).parent / "self_check_image.webp"
"""Self-check image: Eileen Collins, by NASA, in the public domain."""
NO_GPU = (
    "The engine liveportrait needs an NVIDIA GPU, and there is none here. "
    "`--device cpu` renders a small draft without one, slowly."
)


@dataclass(frozen=True)
class _Subject:
    """The portrait as the nets know it. volume: F's; face: M's; source: its keypoints, (1, 21, 3)."""

    volume: Tensor
    face: Face
    source: Tensor
    paste: Paste
    matte: Matte | None


class LivePortraitEngine:
    """GPU engine; see the package's docstring. Fits gpuworker.engines.Engine.

    The weights are loaded on a thread of their own from the first moment, while the caller finds the
    face; what is wrong with them is raised by `set_portrait` and `wait_ready`.
    device: “cuda”, “cpu” or “auto”, which is a GPU or nothing. folder: where the weights lie, by
    default as the environment says. checked: whether five frames of a known portrait are looked at first.
    """

    name = "liveportrait"

    def __init__(
        self,
        device: str | None = None,
        folder: Path | None = None,
        gaze: Gaze = Gaze(),  # noqa: B008 - it is frozen
        *,
        checked: bool = True,
    ) -> None:
        self._gaze = gaze
        self._wanted = device or os.environ.get(DEVICE, "auto")
        self._compiling = os.environ.get(COMPILE, "auto")
        self._folder = folder
        self._seconds: dict[str, float] = {}
        self._frames = 0
        self._figures: self_check.Figures | None = None
        self._subject: _Subject | None = None
        loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="weights")
        self._loading: Future[tuple[Networks, CompiledRunner]] = loader.submit(self._load)
        loader.shutdown(wait=False)
        self._checked = not checked

    def wait_ready(self) -> None:
        """Block until the weights are loaded and the self-check has passed; compiling may begin then.

        Raises BadRequest without a GPU, WrongWeights, GpuOutOfMemory, SelfCheckFailed.
        """
        self._nets, self._runner = self._loading.result()
        if not self._checked:
            self._check_itself()
            self._checked = True
        self._runner.start()

    def set_portrait(self, portrait: FramedPortrait, intensity: float = 1.0) -> tuple[str, ...]:
        """Analyse once. On a CPU the advice says how long frames will take. Raises as `wait_ready` does."""
        self.wait_ready()
        return self._set(portrait)

    def render(self, directions: Sequence[Direction]) -> NDArray[np.uint8]:
        """Frames (n, H, W, C) uint8 of the portrait that was set; C is 4 when the portrait has alpha.

        Raises GpuOutOfMemory when not even one frame fits.
        """
        if self._subject is None:
            raise RuntimeError("a frame was asked for before a portrait was set")
        with self._runner.at_work(), gpu_memory():
            return self._render(self._subject, directions)

    @torch.inference_mode()
    def _render(self, subject: _Subject, directions: Sequence[Direction]) -> NDArray[np.uint8]:
        start = time.perf_counter()
        driving = self._driving(subject, directions)
        _, height, width = subject.paste.photo.shape
        frames = torch.empty(
            (len(directions), height, width, 4 if subject.matte else 3),
            dtype=torch.uint8,
            pin_memory=self._nets.device.type == "cuda",
        )

        def render(part: slice) -> None:
            squares, deformation = self._runner.generate(subject.volume, subject.source, driving[part])
            alpha = subject.matte.frames(deformation) if subject.matte else None
            frames[part].copy_(subject.paste.frames(squares, alpha), non_blocking=True)

        self._batches.each(len(directions), render, self._runner.give_way)
        if self._nets.device.type == "cuda":
            torch.cuda.synchronize(self._nets.device)  # the copies run beside the next batch
        self._frames += len(directions)
        self._seconds["frames"] = self._seconds.get("frames", 0.0) + time.perf_counter() - start
        return frames.numpy()

    @property
    def report(self) -> Mapping[str, Any]:
        """frames, batch, runner, device, seconds (load, portrait, frames), ms_a_frame, self_check."""
        return {
            "frames": self._frames,
            "batch": self._batches.size if self._loading.done() and self._subject else 0,
            "runner": self._runner.state if self._subject else EAGER,
            "device": self._wanted,
            "seconds": dict(self._seconds),
            "ms_a_frame": 1e3 * self._seconds.get("frames", 0.0) / max(1, self._frames),
            "self_check": str(self._figures) if self._figures else None,
        }

    # ---------------------------------------------------------------- loading

    def _load(self) -> tuple[Networks, CompiledRunner]:
        start = time.perf_counter()
        device = _device(self._wanted)
        compiled = _is_compiled(self._compiling, device)
        folder = self._folder or weights.folder()
        with gpu_memory():
            nets = Networks.load(folder, device)
        cache, attempts = CompileCache(folder, device), CompileAttempts()
        runner = CompiledRunner(
            nets.generate, device, wanted=compiled, exact=nets.generate_exactly, cache=cache, attempts=attempts
        )
        self._seconds["load"] = time.perf_counter() - start
        log.info("the nets are on %s after %.1f s", device, self._seconds["load"])
        return nets, runner

    def _check_itself(self) -> None:
        self._set(preparation.prepare(RenderRequest(SELF_CHECK_IMAGE.read_bytes())).portrait)
        self._figures = self_check.check(self)
        log.info("self-check passed: %s", self._figures)

    # --------------------------------------------------------------- portrait

    def _set(self, portrait: FramedPortrait) -> tuple[str, ...]:
        with self._runner.at_work(), gpu_memory():
            return self._analyse(portrait)

    @torch.inference_mode()
    def _analyse(self, portrait: FramedPortrait) -> tuple[str, ...]:
        start = time.perf_counter()
        nets = self._nets
        self._batches = Batches(nets.device)
        if self._runner.size:
            self._batches.size = self._runner.size  # which has its memory already
        self._runner.batch = self._batches.size
        alignment = Alignment.of(portrait)
        seen = _as_tensor(cv2.resize(alignment.square(portrait.picture), (SEEN, SEEN), interpolation=cv2.INTER_AREA))
        seen = seen.to(nets.device)
        face = nets.face(seen)
        paste = Paste(portrait, alignment, nets.device)
        matte = None if portrait.alpha is None else Matte(portrait.alpha, alignment, paste)
        self._subject = _Subject(nets.appearance(seen), face, source_keypoints(face), paste, matte)
        took = self._match_tone(self._subject)
        self._frames = 0
        self._seconds |= {"portrait": time.perf_counter() - start, "frames": 0.0}
        return (_patience(took),) if nets.device.type == "cpu" else ()

    def _match_tone(self, subject: _Subject) -> float:
        """Compare the neutral frame with the photo. Returns the seconds that it took."""
        start = time.perf_counter()
        squares, _ = self._runner.generate(subject.volume, subject.source, self._driving(subject, [NEUTRAL]))
        subject.paste.match_tone(squares)
        return time.perf_counter() - start

    def _driving(self, subject: _Subject, directions: Sequence[Direction]) -> Tensor:
        """(n, 21, 3)."""
        motion = self._gaze.motion(directions)
        pitch, yaw, delta = (
            torch.from_numpy(each).to(self._nets.device) for each in (motion.pitch, motion.yaw, motion.delta)
        )
        return self._nets.stitched(subject.source, driving_keypoints(subject.face, pitch, yaw, delta))


def _device(wanted: str) -> torch.device:
    """Raises BadRequest for an unknown device, and without a GPU where none but a GPU was wanted."""
    if wanted not in ("auto", "cuda", "cpu"):
        raise BadRequest(f"There is no device “{wanted}”; there is auto, cuda, cpu.")
    if wanted == "cpu":
        torch.set_num_threads(cores.usable())  # rendering processes start with one, for engines that share the machine
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise BadRequest(NO_GPU)
    torch.backends.cudnn.allow_tf32 = False  # M and S mean their 32 bits; TF32 has 19 of them
    torch.set_float32_matmul_precision("highest")
    return torch.device("cuda")


def _is_compiled(wanted: str, device: torch.device) -> bool:
    """Raises BadRequest for an answer that is none."""
    if wanted not in ("auto", "on", "off"):
        raise BadRequest(f"{COMPILE} is auto, on or off, not “{wanted}”.")
    return wanted == "on" or (wanted == "auto" and device.type == "cuda")


def _as_tensor(pixels: NDArray[Any]) -> Tensor:
    """(H, W, 3) uint8 → (1, 3, H, W) float32 of 0 … 1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255


def _patience(seconds: float) -> str:
    """Advice about the time that a CPU will take, from one frame's seconds."""
    return (
        f"Without a GPU a frame takes about {seconds:.1f} s here: "
        f"a draft of {DRAFT.rows * DRAFT.cols} frames about {_duration(seconds * DRAFT.rows * DRAFT.cols)}, "
        f"all {FULL.rows * FULL.cols} about {_duration(seconds * FULL.rows * FULL.cols)}."
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
