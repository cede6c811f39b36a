"""Likeness of shown pictures to what the warp engine means: PSNR, and sharpness as Sobel energy, in the face's box."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import RenderRequest
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.engines.warp.height import STEP
from gpuworker.grid import LIMIT, Direction
from gpuworker.vision import preparation
from gpuworker.vision.framing import SUPERSAMPLING

Pictures = NDArray[np.uint8]
"""(n, H, W, 3)."""
Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""


@dataclass(frozen=True)
class Truth:
    """Pictures of one portrait in some directions, and the face's box in those of frame size."""

    frames: Pictures
    """The engine's own, at frame size."""
    fine: Pictures
    """The same warp of the source by a Lanczos filter, at the source's size."""
    box: Box

    @classmethod
    def of(cls, photo: bytes, looks: list[tuple[float, float]]) -> Truth:
        """looks: −1 … 1, as the element's lookAt takes them."""
        portrait = preparation.prepare(RenderRequest(photo=photo)).portrait
        engine = WarpEngine()
        engine.set_portrait(portrait)
        directions = [Direction(x * LIMIT, y * LIMIT) for x, y in looks]
        left, top = np.maximum(portrait.landmarks[:, :2].min(0), 0).astype(int)
        size = [portrait.frame.width, portrait.frame.height]
        right, bottom = np.minimum(portrait.landmarks[:, :2].max(0), size).astype(int)
        pairs = [(engine.render([each])[0], _lanczos(engine, each)) for each in directions]
        frames, fine = (np.stack(pictures) for pictures in zip(*pairs, strict=True))
        return cls(frames, fine, (int(left), int(top), int(right - left), int(bottom - top)))

    @property
    def fine_box(self) -> Box:
        x, y, width, height = (SUPERSAMPLING * length for length in self.box)
        return x, y, width, height


def _lanczos(engine: WarpEngine, direction: Direction) -> NDArray[np.uint8]:
    """What a screen of the source's size could show at best, of the source in which the eyes have just been painted."""
    height, width = engine._source.shape[:2]
    coarse = engine._unfolded(direction) * np.float32(SUPERSAMPLING)
    scale = STEP * SUPERSAMPLING
    fine = cv2.resize(coarse, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    at = np.stack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), axis=-1)
    moved = cv2.remap(
        engine._source, at + fine[:height, :width], np.empty(0), cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved[..., :3], np.uint8)


def psnr(shown: Pictures, truth: Pictures, box: Box) -> float:
    """dB in the box, of all pictures together."""
    error = (_cut(shown, box).astype(np.float64) - _cut(truth, box)) ** 2
    return float(10 * np.log10(255**2 / max(error.mean(), 1e-9)))


def sobel(pictures: Pictures, box: Box) -> float:
    """Mean gradient of luma in the box."""
    return float(np.mean([_gradient(picture) for picture in _cut(pictures, box)]))


def _cut(pictures: Pictures, box: Box) -> Pictures:
    x, y, width, height = box
    return pictures[:, y : y + height, x : x + width]


def _gradient(picture: NDArray[np.uint8]) -> float:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)).mean())


@dataclass(frozen=True)
class Motion:
    """Of a face from one frame of the display to the next. still: share of frames in which nothing moves, 0 … 1;
    usual, largest: pixels that the face moves, by optical flow, at the median and at most."""

    still: float
    usual: float
    largest: float


NOISE = 1
"""Levels of grey by which nothing is seen to move."""


def motion(frames: NDArray[np.uint8]) -> Motion:
    """Motion over grey frames (n, H, W)."""
    differences = np.abs(np.diff(frames.astype(np.int16), axis=0)).max(axis=(1, 2))
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    moved = [
        float(np.percentile(np.hypot(*np.moveaxis(flow.calc(one, other, np.empty(0)), -1, 0)), 90))
        if difference > NOISE
        else 0.0
        for one, other, difference in zip(frames, frames[1:], differences, strict=False)
    ]
    return Motion(float((differences <= NOISE).mean()), float(np.median(moved)), max(moved))
