"""The official code, where the environment variable LIVEPORTRAIT_CHECKOUT names a checkout of it.

Used to make the golden slices and to compare live. Only its plain nets and its keypoint math are
loaded, file by file, so that none of its other requirements need be installed.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

CHECKOUT = "LIVEPORTRAIT_CHECKOUT"


def checkout() -> Path | None:
    """The folder that the environment names. Raises ValueError where that is no checkout."""
    named = os.environ.get(CHECKOUT)
    if not named:
        return None
    if not (Path(named) / "src" / "modules" / "warping_network.py").is_file():
        raise ValueError(f"{CHECKOUT} names {named}, which is no checkout of LivePortrait.")
    return Path(named)


class Official:
    """The five official nets in evaluation mode and a few functions, from a checkout."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        appearance = self._load("src.modules.appearance_feature_extractor")
        motion = self._load("src.modules.motion_extractor")
        warping = self._load("src.modules.warping_network")
        stitching = self._load("src.modules.stitching_retargeting_network")
        self.nets: dict[str, nn.Module] = {
            "appearance_feature_extractor": appearance.AppearanceFeatureExtractor(
                image_channel=3, block_expansion=64, num_down_blocks=2, max_features=512,
                reshape_channel=32, reshape_depth=16, num_resblocks=6,
            ),
            "motion_extractor": motion.MotionExtractor(
                num_kp=21, backbone="convnextv2_tiny"
            ),
            "warping_module": warping.WarpingNetwork(
                num_kp=21, block_expansion=64, max_features=512, num_down_blocks=2, reshape_channel=32,
                estimate_occlusion_map=True,
                dense_motion_params={
                    "block_expansion": 32, "max_features": 1024, "num_blocks": 5, "reshape_depth": 16, "compress": 4,
                },
            ),
            "spade_generator": self._generator(),
            "stitching": stitching.StitchingRetargetingNetwork(
                input_size=126, hidden_sizes=[128, 128, 64], output_size=65
            ),
        }  # fmt: skip
        for net in self.nets.values():
            net.eval()
        self.camera = self._load("src.utils.camera")

    def _load(self, name: str) -> ModuleType:
        sys.path.insert(0, str(self._folder))
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(str(self._folder))

    def _generator(self) -> nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it uses the old hook for spectral norms, which warns
            net: nn.Module = self._load("src.modules.spade_generator").SPADEDecoder(
                upscale=2, block_expansion=64, max_features=512, num_down_blocks=2
            )
        return net

    def source_keypoints(self, motion: dict[str, Tensor]) -> Tensor:
        """As LivePortraitWrapper.transform_keypoint does it."""
        pose = (self.camera.headpose_pred_to_degree(motion[name]) for name in ("pitch", "yaw", "roll"))
        turned = motion["kp"].view(-1, 21, 3) @ self.camera.get_rotation_matrix(*pose)
        found: Tensor = (turned + motion["exp"].view(-1, 21, 3)) * motion["scale"][..., None]
        found[:, :, 0:2] += motion["t"][:, None, 0:2]
        return found

    def driving_keypoints(self, motion: dict[str, Tensor], pitch: float, yaw: float, delta: Tensor) -> Tensor:
        """As the gradio pipeline does it for an edited pose and expression, with tz zeroed as for videos."""
        angles = [self.camera.headpose_pred_to_degree(motion[name]) for name in ("pitch", "yaw", "roll")]
        turn = self.camera.get_rotation_matrix(angles[0] + pitch, angles[1] + yaw, angles[2])
        t = motion["t"].clone()
        t[..., 2] = 0
        expression = motion["exp"].view(-1, 21, 3) + delta
        return motion["scale"] * (motion["kp"].view(-1, 21, 3) @ turn + expression) + t

    def stitch(self, source: Tensor, driving: Tensor) -> Tensor:
        """As LivePortraitWrapper.stitching does it."""
        delta = self.nets["stitching"](torch.cat([source.view(len(source), -1), driving.view(len(source), -1)], dim=1))
        moved = driving + delta[:, :63].reshape(-1, 21, 3)
        moved[..., :2] += delta[:, 63:65].reshape(-1, 1, 2)
        return moved


def editor_offsets(x: float, y: float, brow: float, *, lids: bool) -> Tensor:
    """(1, 21, 3): expression offsets by the coefficients of the gradio pipeline, as its source states them."""
    delta = torch.zeros(1, 21, 3)
    swap = x <= 0
    delta[0, 11, 0] += x * (0.001 if swap else 0.0007)
    delta[0, 15, 0] += x * (0.0007 if swap else 0.001)
    for point in (11, 15):
        delta[0, point, 1] += y * -0.001
    if lids:
        blink = -y / 2
        for point, share in ((11, -0.001), (13, 0.0003), (15, -0.001), (16, 0.0003)):
            delta[0, point, 1] += blink * share
    if brow > 0:
        delta[0, 1, 1] += brow * 0.001
        delta[0, 2, 1] -= brow * 0.001
    return delta
