"""Keypoint math: from the output of M to keypoints in the picture, and rotations of the head.

Angles are degrees. A rotation matrix here multiplies row vectors from the right: points @ rotation.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gpuworker.engines.liveportrait.nets.motion_extractor import Motion

BIN_DEGREES = 3.0
FIRST_BIN = -97.5


class Pose(NamedTuple):
    """Pose of B heads: pitch, yaw, roll (B,) degrees; t (B, 3); scale (B, 1)."""

    pitch: Tensor
    yaw: Tensor
    roll: Tensor
    t: Tensor
    scale: Tensor


class Face(NamedTuple):
    """canonical, expression: (B, K, 3); pose: Pose."""

    canonical: Tensor
    expression: Tensor
    pose: Pose


def degrees(logits: Tensor) -> Tensor:
    """(B, bins) → (B,): the expected angle."""
    bins = torch.arange(logits.shape[1], dtype=logits.dtype, device=logits.device)
    return (logits.softmax(dim=1) * bins).sum(dim=1) * BIN_DEGREES + FIRST_BIN


def read(motion: Motion) -> Face:
    """Output of M, in angles and points."""
    batch = len(motion.kp)
    pose = Pose(degrees(motion.pitch), degrees(motion.yaw), degrees(motion.roll), motion.t, motion.scale)
    return Face(motion.kp.reshape(batch, -1, 3), motion.exp.reshape(batch, -1, 3), pose)


def rotation(pitch: Tensor, yaw: Tensor, roll: Tensor) -> Tensor:
    """(B,) degrees each → (B, 3, 3): (Rz·Ry·Rx)ᵀ."""
    x, y, z = (angle * (math.pi / 180) for angle in (pitch, yaw, roll))
    one, zero = torch.ones_like(x), torch.zeros_like(x)

    def matrix(*entries: Tensor) -> Tensor:
        return torch.stack(entries, dim=1).reshape(-1, 3, 3)

    about_x = matrix(one, zero, zero, zero, x.cos(), -x.sin(), zero, x.sin(), x.cos())
    about_y = matrix(y.cos(), zero, y.sin(), zero, one, zero, -y.sin(), zero, y.cos())
    about_z = matrix(z.cos(), -z.sin(), zero, z.sin(), z.cos(), zero, zero, zero, one)
    return (about_z @ about_y @ about_x).transpose(1, 2)


def flat(t: Tensor) -> Tensor:
    """The translation without its depth, in which neither the source nor a frame moves."""
    return t * t.new_tensor([1.0, 1.0, 0.0])


def source_keypoints(face: Face) -> Tensor:
    """(B, K, 3): s·(canonical·R + expression) + t, without the depth of t."""
    pose = face.pose
    turned = face.canonical @ rotation(pose.pitch, pose.yaw, pose.roll)
    return (turned + face.expression) * pose.scale[..., None] + flat(pose.t)[:, None]


def driving_keypoints(face: Face, pitch: Tensor, yaw: Tensor, delta: Tensor) -> Tensor:
    """One face, N frames: keypoints (N, K, 3) with the head turned further and the expression changed.

    pitch, yaw: (N,) degrees to add; delta: (N, K, 3) to add to the expression.
    At zero they are the source keypoints.
    """
    pose = face.pose
    turn = rotation(pose.pitch + pitch, pose.yaw + yaw, pose.roll.expand_as(pitch))
    return (face.canonical @ turn + face.expression + delta) * pose.scale[..., None] + flat(pose.t)[:, None]
