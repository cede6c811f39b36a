"""Yaw, pitch and brow raise as one backward displacement field, and the proof that it does not fold.

The head turns about a vertical and a horizontal axis in its own (roll-aligned) frame, seen in
perspective. In-plane terms fade out with the height, so that hair and neck bend instead of sliding.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.contract import Size
from gpuworker.engines.warp.head import Head
from gpuworker.engines.warp.height import STEP, HeightField
from gpuworker.engines.warp.smooth import Field, smoothstep
from gpuworker.grid import LIMIT, Direction
from gpuworker.vision.topology import EYES

BROW_RAISE = 0.062 / LIMIT
"""Brow travel per unit of eyebrow, in outer-corner distances."""

IN_PLANE = 0.35
"""Height in head widths from which on the in-plane terms count fully."""

LEAST_JACOBIAN = 0.25
"""Below this area ratio of a frame's point to the photo's a frame is smeared or folds; the engine lowers its gain to
stay above."""
LEAST_FORWARD_JACOBIAN = 0.07
"""The same from the photo to the frame: at 0 the triangles of a mesh that draws forwards would turn over."""
SPARE = 0.06
"""Tolerance of LEAST_JACOBIAN at directions between those at which a gain is tried: the inverse is sampled at a
thirty-second of a grid step, and at steep flanks its ratio jitters by so much."""

SETTLED = 0.25
"""Frame pixels: the inversion ends with the step that moves no point farther. Against 200 steps, frames of the
portraits then have 63 dB and more in the face, where three steps left 44 to 57."""
MOST_INVERSION_STEPS = 24
"""Four to five do on average, 13 at the corners; a turn that folds the picture never settles."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Turns a height field. gain scales yaw and pitch, yaw_gain yaw alone (for turned sources), yaw_more yaw to the
    left and to the right (where the eyes have little room).
    """

    field: HeightField
    head: Head
    brows: Field
    in_plane: Field
    distance: float
    yaw_gain: float
    gain: float = 1.0
    yaw_more: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def build(cls, field: HeightField, head: Head, landmarks: NDArray[np.float64], frame: Size) -> Rotation:
        return cls(
            field=field,
            head=head,
            brows=_brow_weights(field, head, landmarks),
            in_plane=np.asarray(smoothstep(field.height, 0, IN_PLANE * head.width), np.float32),
            distance=max(2.6 * head.width, 1.2 * frame.height),
            yaw_gain=float(1 - 0.6 * smoothstep(abs(head.yaw), 17, 35)),
        )

    def displacement(self, direction: Direction) -> NDArray[np.float32]:
        """(h, w, 2) float32 frame pixels on the quarter grid: a frame's point p shows the source's p + d(p)."""
        return self._invert(self._forward(direction))

    def keeps_shape(self, direction: Direction) -> bool:
        """Whether neither the turn nor its inverse comes near a fold."""
        forward = self._forward(direction)
        if least_jacobian(forward) < LEAST_FORWARD_JACOBIAN:
            return False
        return least_jacobian(self._invert(forward)) >= LEAST_JACOBIAN + SPARE

    def _forward(self, direction: Direction) -> NDArray[np.float32]:
        """Displacement of each source point, in frame pixels."""
        more = self.yaw_more[0 if direction.head_yaw < 0 else 1]
        yaw = np.radians(direction.head_yaw * self.gain * self.yaw_gain * more)
        pitch = np.radians(direction.head_pitch * self.gain)
        head, z = self.head, self.field.height
        dx, dy = self.field.x - np.float32(head.centre[0]), self.field.y - np.float32(head.centre[1])
        u, v = dx * _f(head.right[0]) + dy * _f(head.right[1]), dx * _f(head.down[0]) + dy * _f(head.down[1])
        cy, sy, cp, sp = _f(np.cos(yaw)), _f(np.sin(yaw)), _f(np.cos(pitch)), _f(np.sin(pitch))
        turned_u, turned_z = u * cy + z * sy, z * cy - u * sy
        turned_v, turned_z = v * cp + turned_z * sp, turned_z * cp - v * sp
        # The photo already has its own perspective, so only the change of depth scales.
        scale = (_f(self.distance) - z) / (_f(self.distance) - turned_z)
        lift_u, lift_v = z * sy, z * (cy * sp)
        move_u = lift_u + (turned_u * scale - u - lift_u) * self.in_plane
        move_v = lift_v + (turned_v * scale - v - lift_v) * self.in_plane
        if direction.eyebrow:
            move_v -= self.brows * _f(direction.eyebrow * self.gain * BROW_RAISE * head.eye_span)
        return np.stack(
            [
                move_u * _f(head.right[0]) + move_v * _f(head.down[0]),
                move_u * _f(head.right[1]) + move_v * _f(head.down[1]),
            ],
            axis=-1,
        )

    def _invert(self, forward: NDArray[np.float32]) -> NDArray[np.float32]:
        """Fixed point b(p) = −d(p + b(p)), Chen et al. 2008, until it has settled: at steep flanks, as of ears, each
        step takes away less than half of what is left."""
        rows, cols = forward.shape[:2]
        at = np.stack(np.meshgrid(np.arange(cols, dtype=np.float32), np.arange(rows, dtype=np.float32)), axis=-1)
        backward = -forward
        for _ in range(MOST_INVERSION_STEPS):
            before, where = backward, at + backward / STEP
            backward = -cv2.remap(forward, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
            if cv2.norm(backward, before, cv2.NORM_INF) <= SETTLED:
                break
        return np.asarray(backward, np.float32)


def least_jacobian(displacement: NDArray[np.float32]) -> float:
    """The smallest determinant of p ↦ p + d(p) on the grid: 1 is rigid, 0 is a fold."""
    du, dv = displacement[..., 0], displacement[..., 1]
    du_dx, du_dy = np.diff(du, axis=1)[:-1] / STEP, np.diff(du, axis=0)[:, :-1] / STEP
    dv_dx, dv_dy = np.diff(dv, axis=1)[:-1] / STEP, np.diff(dv, axis=0)[:, :-1] / STEP
    return float(((1 + du_dx) * (1 + dv_dy) - du_dy * dv_dx).min())


def _f(value: float) -> np.float32:
    """A Python or float64 scalar would widen whole float32 fields."""
    return np.float32(value)


def _brow_weights(field: HeightField, head: Head, landmarks: NDArray[np.float64]) -> Field:
    """(h, w) 0 … 1: how much of the brow raise each point takes; all at the brow, nothing at the lid."""
    weights = np.zeros_like(field.x)
    for eye in EYES.values():
        middle = landmarks[list(eye.brow), :2].mean(0)
        width = np.linalg.norm(np.diff(landmarks[list(eye.corners), :2], axis=0))
        lid = landmarks[list(eye.upper_middle), :2].mean(0)
        gap = max(4.0, float((lid - middle) @ head.down))
        dx, dy = field.x - middle[0], field.y - middle[1]
        along, down = dx * head.right[0] + dy * head.right[1], dx * head.down[0] + dy * head.down[1]
        sideways = np.exp(-((np.abs(along) / (0.85 * width)) ** 3))
        towards_lid = 1 - smoothstep(down, 0.15 * gap, 0.95 * gap)
        towards_hair = 1 - smoothstep(-down, 0.25 * gap, 0.6 * head.eye_span)
        weights = np.maximum(weights, sideways * np.where(down > 0, towards_lid, towards_hair))
    blurred = cv2.GaussianBlur(weights.astype(np.float32), (0, 0), 0.8)
    return np.asarray(blurred * smoothstep(field.height, 0, 0.15 * head.width), np.float32)
