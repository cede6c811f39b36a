from __future__ import annotations

import sys

from gpuworker.server.gpu import gpu_name


def test_the_first_gpus_name_is_what_the_driver_says() -> None:
    assert gpu_name((sys.executable, "-c", "print('NVIDIA GeForce RTX 4090\\nanother')")) == "NVIDIA GeForce RTX 4090"


def test_no_tool_an_error_and_silence_mean_no_gpu() -> None:
    assert gpu_name(("no-such-program",)) is None
    assert gpu_name((sys.executable, "-c", "raise SystemExit(9)")) is None
    assert gpu_name((sys.executable, "-c", "")) is None
