import torch

from gpuworker.engines.liveportrait.nets.appearance_feature_extractor import AppearanceFeatureExtractor
from tests.gpuworker.engines.liveportrait.seeded import picture
from tests.gpuworker.engines.liveportrait.tiny import TINY


def test_a_portrait_becomes_a_volume_a_quarter_as_wide() -> None:
    volume = AppearanceFeatureExtractor(TINY).eval()(picture("portrait"))
    assert volume.shape == (1, TINY.volume_channels, TINY.volume_depth, 64, 64)
    assert torch.isfinite(volume).all()
