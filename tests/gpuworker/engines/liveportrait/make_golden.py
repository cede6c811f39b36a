"""Golden slices made with the official code: `python -m tests.gpuworker.engines.liveportrait.make_golden CHECKOUT`.

Writes tests/gpuworker/engines/liveportrait/golden/: keys.json (names and shapes of all five state dicts),
batchnorm.npz (statistics of the seeded nets) and slices.npz (what the official nets answer).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.gpuworker.engines.liveportrait.official import Official
from tests.gpuworker.engines.liveportrait.seeded import (
    GOLDEN,
    features,
    keypoints,
    picture,
    seeded,
    shapes_of,
    volume,
)
from tests.gpuworker.engines.liveportrait.slices import SLICES

BATCHNORMS = (nn.BatchNorm2d, nn.BatchNorm3d)


def main(folder: Path) -> None:
    torch.manual_seed(0)
    official = Official(folder)
    GOLDEN.mkdir(exist_ok=True)
    keys = {name: shapes_of(net) for name, net in official.nets.items()}
    (GOLDEN / "keys.json").write_text(json.dumps(keys, indent=0) + "\n")
    for name, net in official.nets.items():
        net.load_state_dict(seeded(name, keys[name]))
    np.savez_compressed(GOLDEN / "batchnorm.npz", **_condition(official))
    with torch.no_grad():
        answers = answers_of(official)
    kept = {name: cut(answers[name]) for name, cut in SLICES.items()}
    np.savez_compressed(GOLDEN / "slices.npz", **kept)
    for name, values in kept.items():
        sys.stdout.write(
            f"{name:<24} {values.shape!s:<20} {values.min():9.4f} … {values.max():9.4f}  std {values.std():.4f}\n"
        )


def _condition(official: Official) -> dict[str, NDArray[np.float32]]:
    """One pass in training mode; the statistics that it leaves, by net and key."""
    driving, source = keypoints()
    passes: dict[str, Callable[[nn.Module], object]] = {
        "appearance_feature_extractor": lambda net: net(picture("statistics")),
        "warping_module": lambda net: net(volume(32).expand(2, -1, -1, -1, -1), driving, source),
    }
    kept = {}
    for name, forward in passes.items():
        net = official.nets[name]
        norms = {key: module for key, module in net.named_modules() if isinstance(module, BATCHNORMS)}
        for norm in norms.values():
            norm.momentum = None  # the mean of all passes, of which there is one
        with torch.no_grad():
            forward(net.train())
        net.eval()
        for key, norm in norms.items():
            for statistic in ("running_mean", "running_var"):
                kept[f"{name}/{key}.{statistic}"] = getattr(norm, statistic).numpy().copy()
    return kept


def answers_of(official: Official, *, full: bool = True) -> dict[str, Tensor]:
    """What the official nets say to the seeded inputs; with `full` also at the real size of 64 × 64."""
    nets = official.nets
    driving, source = keypoints()
    motion = nets["motion_extractor"](picture("portrait"))
    raw = {name: value.clone() for name, value in motion.items()}
    delta = 0.01 * torch.randn(1, 21, 3, generator=torch.Generator().manual_seed(1))
    x_s = official.source_keypoints(motion)
    x_d = official.driving_keypoints(motion, 4.0, -6.0, delta)
    found = {f"motion_{name}": value for name, value in raw.items()}
    found |= {
        "appearance": nets["appearance_feature_extractor"](picture("portrait")),
        "x_s": x_s,
        "x_d": x_d,
        "x_d_delta": delta,
        "stitched": official.stitch(x_s, x_d),
    }
    for side in (32, 64) if full else (32,):
        frames = 2 if side == 32 else 1
        warped = nets["warping_module"](volume(side).expand(frames, -1, -1, -1, -1), driving[:frames], source[:frames])
        found[f"deformation_{side}"] = warped["deformation"]
        found[f"occlusion_{side}"] = warped["occlusion_map"]
        found[f"warped_{side}"] = warped["out"]
        found[f"generated_{side}"] = nets["spade_generator"](features(side))
        found[f"frame_{side}"] = nets["spade_generator"](warped["out"][:1])
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
