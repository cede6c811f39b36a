"""The warp engine itself: eyes, then the head, over a background that never changes by a bit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp import spectacles
from gpuworker.engines.warp.eyes import BeneathHairError, Eyes
from gpuworker.engines.warp.head import Head
from gpuworker.engines.warp.height import STEP, HeightField
from gpuworker.engines.warp.rig import rig_of
from gpuworker.engines.warp.rotation import LEAST_JACOBIAN, Rotation, least_jacobian
from gpuworker.grid import LIMIT, Direction
from gpuworker.rig.model import Rig
from gpuworker.vision import covering, eyewear
from gpuworker.vision.eyewear import Spectacles
from gpuworker.vision.framing import SUPERSAMPLING, FramedPortrait
from gpuworker.vision.topology import SIDES

BORDER = tuple(
    Direction(x * LIMIT, y * LIMIT)
    for y in (-1.0, -0.5, 0.0, 0.5, 1.0)
    for x in (-1.0, -0.5, 0.0, 0.5, 1.0)
    if max(abs(x), abs(y)) == 1
)
"""Farthest directions, at half the way from each extreme to the next: nothing folds inside that does not there."""
EXTREMES = tuple(Direction(x, y) for y in (-LIMIT, 0.0, LIMIT) for x in (-LIMIT, 0.0, LIMIT) if (x, y) != (0.0, 0.0))
LEAST_GAIN = 0.2
MOST_MORE = 0.5
"""Share by which the head turns farther at most where the eyes have no room."""
STILL = 0.005
"""Frame pixels of displacement that count as none when the moving box is drawn."""

EYES_STAY = "We could not see both eyes well enough, so only the head will follow."
DARK_LENSES = "Dark lenses hide the eyes, so the eyes rest and only the head will follow."
GLARE = "Glare on the spectacles hides the eyes, so they rest and only the head will follow."
ONE_LOOKS = "The eye on the {side} is covered or closed, so the other one looks alone."
HAIR_OVER = "Hair hangs over the eye on the {side}, so both eyes rest and only the head will follow."
HAIR_OVER_BOTH = "Hair hangs over both eyes, so they rest and only the head will follow."
TURNS_LESS = "The head will turn less far than usual, so that nothing in the picture tears."


@dataclass(frozen=True, slots=True)
class _Moving:
    """The box of frame pixels that ever move: grid slices, frame slices and the identity map of the box."""

    grid: tuple[slice, slice]
    frame: tuple[slice, slice]
    identity: NDArray[np.float32]


class WarpEngine:
    """CPU engine. See the package's docstring for the method; fits gpuworker.engines.Engine."""

    name = "warp"

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._seconds: dict[str, float] = {}
        self._frames = 0
        self._least_jacobian = 1.0
        self._softened = 0

    def set_portrait(self, portrait: FramedPortrait, intensity: float = 1.0) -> tuple[str, ...]:
        """Analyse once, 0.2 to 0.5 s of CPU. Returns sentences about what had to be left out."""
        self._reset()
        with self._clock("set_portrait"):
            self._portrait, self._intensity = portrait, intensity
            self._frame = portrait.frame
            self._source = _channels(portrait)
            head = Head.measure(portrait.landmarks)
            glasses = _spectacles(portrait)
            field = HeightField.build(portrait.landmarks, portrait.person, head, portrait.frame)
            if glasses:
                field = spectacles.flattened(field, glasses)
            self.height = field.height
            rotation = Rotation.build(field, head, portrait.landmarks, portrait.frame)
            self._rotation = _safe(spectacles.behind(rotation, glasses) if glasses else rotation, intensity)
            hidden = _hidden_by(portrait, glasses)
            covered = covering.hidden_eyes(portrait.picture, portrait.landmarks * SUPERSAMPLING)
            self._eyes = None
            try:
                self._eyes = None if hidden else _eyes_of(portrait, head, covered)
            except BeneathHairError as beneath:
                hidden = HAIR_OVER_BOTH if len(beneath.sides) > 1 else HAIR_OVER.format(side=beneath.sides[0])
            if self._eyes:
                self._rotation = _turning_more(self._rotation, self._eyes.missing, intensity)
            self._spectacles = glasses is not None
            self._moving = self._find_moving(intensity)
            self._still = self._warp_nothing()
        advice = _about_eyes(covered) if self._eyes else [hidden or EYES_STAY]
        return (*advice, *([TURNS_LESS] if self._rotation.gain < 0.8 else []))

    def render(self, directions: Sequence[Direction]) -> NDArray[np.uint8]:
        """Frames (n, H, W, C) uint8 of the portrait that was set; C as the portrait has alpha or not."""
        frames = np.empty((len(directions), *self._still.shape), np.uint8)
        for frame, direction in zip(frames, directions, strict=True):
            self._render_into(frame, direction)
        return frames

    def rig(self) -> Rig:
        """The rig with which a shader draws from the photo what `render` draws, for the intensity that was set."""
        return rig_of(self._portrait, self._intensity, self._rotation, self._eyes)

    @property
    def report(self) -> Mapping[str, Any]:
        """frames, least_jacobian, gain, yaw_gain, softened (frames), eyes and spectacles (whether it has any), and
        cpu_ms by stage: set_portrait once, eyes, field and warp a frame."""
        per_frame = {
            stage: 1e3 * seconds / max(1, 1 if stage == "set_portrait" else self._frames)
            for stage, seconds in self._seconds.items()
        }
        return {
            "frames": self._frames,
            "least_jacobian": self._least_jacobian,
            "gain": self._rotation.gain,
            "yaw_gain": self._rotation.yaw_gain,
            "softened": self._softened,
            "eyes": self._eyes is not None,
            "spectacles": self._spectacles,
            "cpu_ms": per_frame,
        }

    @property
    def support(self) -> NDArray[np.bool_]:
        """(H, W): pixels that may change between frames. Everything else is bit-identical in all of them."""
        touched = cv2.dilate((self.height > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
        h, w = touched.shape
        return cv2.resize(touched, (w * STEP, h * STEP), interpolation=cv2.INTER_NEAREST)[
            : self._frame.height, : self._frame.width
        ].astype(bool)

    def _render_into(self, frame: NDArray[np.uint8], direction: Direction) -> None:
        with self._clock("eyes"):
            if self._eyes:
                self._eyes.render_into(self._source, direction)
        with self._clock("field"):
            displacement = self._unfolded(direction)
        with self._clock("warp"):
            frame[:] = self._still
            frame[self._moving.frame] = self._remap(displacement)
        self._frames += 1

    def _unfolded(self, direction: Direction) -> NDArray[np.float32]:
        """The displacement, weakened in the rare case that a frame between the extremes would fold."""
        displacement = self._rotation.displacement(direction)
        jacobian = least_jacobian(displacement)
        while jacobian < LEAST_JACOBIAN:
            displacement = displacement * np.float32(0.9)
            jacobian = least_jacobian(displacement)
            self._softened += 1
        self._least_jacobian = min(self._least_jacobian, jacobian)
        return displacement

    def _remap(self, displacement: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The moving box of one frame. Only the displacement is upsampled: the identity part stays exact."""
        rows, cols = self._moving.grid
        coarse = np.ascontiguousarray(displacement[rows, cols]) * np.float32(SUPERSAMPLING)
        size = ((cols.stop - cols.start) * STEP, (rows.stop - rows.start) * STEP)
        fine = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        height, width = self._moving.identity.shape[:2]
        whole, fraction = _fixed_point(self._moving.identity + fine[:height, :width])
        moved = cv2.remap(self._source, whole, fraction, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)

    def _find_moving(self, intensity: float) -> _Moving:
        moves: NDArray[np.bool_] = np.zeros(self.height.shape, bool)
        for extreme in EXTREMES:
            moves |= np.abs(self._rotation.displacement(extreme.scaled(intensity))).max(-1) > STILL
        moves |= self.height > 0
        rows, cols = np.flatnonzero(moves.any(1)), np.flatnonzero(moves.any(0))
        grid = _with_margin(rows, moves.shape[0]), _with_margin(cols, moves.shape[1])
        frame = _in_pixels(grid[0], self._frame.height), _in_pixels(grid[1], self._frame.width)
        return _Moving(grid, frame, _identity(*frame))

    def _warp_nothing(self) -> NDArray[np.uint8]:
        """The photo at frame size, through the very same remap, so that still pixels match to the bit."""
        everything = _identity(slice(0, self._frame.height), slice(0, self._frame.width))
        whole, fraction = _fixed_point(everything)
        return np.asarray(cv2.remap(self._source, whole, fraction, cv2.INTER_LINEAR), np.uint8)

    @contextmanager
    def _clock(self, stage: str) -> Iterator[None]:
        start = time.process_time()
        yield
        self._seconds[stage] = self._seconds.get(stage, 0.0) + time.process_time() - start


def _spectacles(portrait: FramedPortrait) -> Spectacles | None:
    """Those that the portrait wears, in frame pixels."""
    found = eyewear.find(portrait.picture, portrait.landmarks * SUPERSAMPLING)
    return found and found.scaled(1 / SUPERSAMPLING)


def _hidden_by(portrait: FramedPortrait, glasses: Spectacles | None) -> str | None:
    """The sentence about glass in front of the eyes, where they cannot be told from it."""
    if portrait.dark_lenses or (glasses and portrait.eyes_hidden):
        return DARK_LENSES
    return GLARE if glasses and glasses.glare else None


def _about_eyes(covered: tuple[bool, bool]) -> list[str]:
    return [ONE_LOOKS.format(side=side) for side, hidden in zip(SIDES, covered, strict=True) if hidden]


def _eyes_of(portrait: FramedPortrait, head: Head, covered: tuple[bool, bool]) -> Eyes | None:
    """None where they cannot be moved."""
    landmarks, candidates = portrait.landmarks * SUPERSAMPLING, portrait.iris_candidates * SUPERSAMPLING
    return Eyes.build(portrait.picture, landmarks, candidates, (head.yaw, head.pitch), covered)


def _channels(portrait: FramedPortrait) -> NDArray[np.uint8]:
    """Copy of the picture into which eyes are rendered: RGB, or RGBA when the portrait has alpha."""
    if portrait.alpha is None:
        return portrait.picture.copy()
    return np.dstack([portrait.picture, portrait.alpha])


def _with_margin(indices: NDArray[np.intp], limit: int) -> slice:
    return slice(max(0, int(indices[0]) - 1), min(int(indices[-1]) + 2, limit))


def _in_pixels(grid: slice, limit: int) -> slice:
    return slice(grid.start * STEP, min(grid.stop * STEP, limit))


def _fixed_point(maps: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """remap's fastest form. OpenCV's own type stubs do not know that the second map may be absent."""
    whole, fraction = cv2.convertMaps(maps, None, cv2.CV_16SC2)  # type: ignore[call-overload]
    return np.asarray(whole), np.asarray(fraction)


def _identity(rows: slice, cols: slice) -> NDArray[np.float32]:
    """(h, w, 2): where each frame pixel of the box lies in the supersampled source."""
    x = (np.arange(cols.start, cols.stop, dtype=np.float32) + 0.5) * SUPERSAMPLING - 0.5
    y = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) * SUPERSAMPLING - 0.5
    return np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)


def _turning_more(rotation: Rotation, missing: tuple[float, float], intensity: float) -> Rotation:
    """The rotation that makes up for the shares of their travel to the left and to the right that eyes have no room
    for, as far as nothing folds. A head that turns less makes up for less."""
    for part in (1.0, 0.75, 0.5, 0.25):
        wanted = part * rotation.gain * rotation.yaw_gain
        left, right = (1 + wanted * min(MOST_MORE, share) for share in missing)
        more = replace(rotation, yaw_more=(left, right))
        if more.yaw_more == (1, 1) or _keeps_shape(more, intensity):
            return more
    return rotation


def _keeps_shape(rotation: Rotation, intensity: float, directions: Sequence[Direction] = BORDER) -> bool:
    return all(rotation.keeps_shape(direction.scaled(intensity)) for direction in directions)


def _safe(rotation: Rotation, intensity: float) -> Rotation:
    """The rotation with the largest gain ≤ 1 at which no direction, scaled by the intensity, folds the picture."""

    def holds(gain: float, directions: Sequence[Direction] = BORDER) -> bool:
        return _keeps_shape(replace(rotation, gain=gain), intensity, directions)

    if holds(1.0):
        return rotation
    low, high = LEAST_GAIN, 1.0
    for _ in range(6):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle, EXTREMES) else (low, middle)
    while low > LEAST_GAIN and not holds(low):
        low = max(LEAST_GAIN, 0.97 * low)
    return replace(rotation, gain=low)
