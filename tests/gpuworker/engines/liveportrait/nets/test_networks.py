from pathlib import Path

import pytest
import torch

from gpuworker import weights
from gpuworker.engines.liveportrait.nets import architecture
from gpuworker.engines.liveportrait.nets.networks import Networks
from gpuworker.errors import WrongWeights
from tests.gpuworker.engines.liveportrait import checkpoints
from tests.gpuworker.engines.liveportrait.seeded import draw, keypoints
from tests.gpuworker.engines.liveportrait.tiny import TINY

CPU = torch.device("cpu")


class Harm:
    """What a poisoned pickle holds: something that is called when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("1 / 0",))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(architecture, "OFFICIAL", TINY)
    monkeypatch.setattr(weights, "CHECKPOINTS", checkpoints.write(tmp_path, TINY))
    return tmp_path


def replaced(folder: Path, name: str, content: object, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another file in the place of one, with the table changed to expect it."""
    path = folder / weights.CHECKPOINTS[name].path
    torch.save(content, path)
    size, digest = path.stat().st_size, weights._digest(path)
    changed = weights.Checkpoint(weights.CHECKPOINTS[name].path, size, digest)
    monkeypatch.setattr(weights, "CHECKPOINTS", {**weights.CHECKPOINTS, name: changed})
    return path


def test_the_official_layout_is_loaded_and_folded(folder: Path) -> None:
    nets = Networks.load(folder, CPU)
    assert not any("weight_orig" in key for key in nets.spade_generator.state_dict())
    assert all(not p.requires_grad for p in nets.motion_extractor.parameters())
    assert nets.precision == torch.float32


def test_a_wrong_file_is_refused_before_it_is_read(folder: Path) -> None:
    path = folder / weights.CHECKPOINTS["stitching"].path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(WrongWeights, match="are expected"):
        Networks.load(folder, CPU)


def test_nothing_but_tensors_is_unpickled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(folder, "motion_extractor", Harm(), monkeypatch)
    with pytest.raises(WrongWeights, match="is not a file of weights"):
        Networks.load(folder, CPU)


def test_weights_of_another_shape_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(folder, "spade_generator", {"fc.weight": torch.zeros(1)}, monkeypatch)
    with pytest.raises(WrongWeights, match="weights of spade_generator do not fit"):
        Networks.load(folder, CPU)


def test_a_gpu_computes_in_16_bits_but_for_motion_and_stitching() -> None:
    """No GPU is needed to see which precision is chosen for it."""
    none = torch.nn.Identity()
    assert Networks(none, none, none, none, none, torch.device("cuda")).precision == torch.float16


def test_generated_exactly_16_bits_come_out_as_32_would_have_computed_them(folder: Path) -> None:
    nets = Networks.load(folder, CPU)
    volume = torch.from_numpy(draw("volume", (1, TINY.volume_channels, TINY.volume_depth, 64, 64)))
    driving, source = keypoints(1)
    with torch.inference_mode():
        right = nets.generate(volume, source, driving)
        for net in (nets.warping_module, nets.spade_generator):
            net.half()
        rounded = nets.generate_exactly(volume, source, driving)
        assert nets.spade_generator.fc.weight.dtype == torch.float16, "its own nets stay as they are"
    for found, wanted in zip(rounded, right, strict=True):
        assert found.dtype == torch.float32
        assert 0 < (found - wanted).abs().max() < 0.05, "only the weights were rounded"
