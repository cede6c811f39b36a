"""The five nets with a few channels each: the same code, a few hundred times faster."""

from gpuworker.engines.liveportrait.nets.architecture import Architecture

TINY = Architecture(
    width=8,
    volume_channels=4,
    volume_depth=2,
    residual_blocks=1,
    compress=1,
    hourglass_width=4,
    hourglass_most=16,
    depths=(1, 1, 1, 1),
    dims=(8, 16, 16, 16),
    label_width=4,
)
"""The volume is 4 × 2 × 64 × 64; there are as many keypoints as ever, since the gaze names some."""
