import cv2
import numpy as np
import pytest
import torch

from gpuworker.engines.liveportrait.alignment import SIDE, Alignment
from gpuworker.engines.liveportrait.pasting import EDGE, FEATHER, Paste, frame_in_square, visibility
from gpuworker.vision.framing import FramedPortrait

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def paste(framed: FramedPortrait) -> Paste:
    return Paste(framed, Alignment.of(framed), CPU)


def square_of(framed: FramedPortrait) -> torch.Tensor:
    pixels = Alignment.of(framed).square(framed.picture)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def test_the_photos_own_square_pasted_back_is_the_photo(framed: FramedPortrait, paste: Paste) -> None:
    frame = paste.frames(square_of(framed))[0].numpy()
    photo = np.round(paste.photo.permute(1, 2, 0).numpy() * 255)
    assert frame.shape == (512, 410, 3)
    apart = np.abs(frame - photo)
    assert apart.mean() < 1.5
    assert np.percentile(apart, 99) < 16  # sampled twice, so a little softer


def test_outside_the_square_the_photo_is_untouched_to_the_bit(paste: Paste) -> None:
    frame = paste.frames(torch.rand(1, 3, SIDE, SIDE))[0].numpy()
    outside = paste.mask[0].numpy() == 0
    assert outside.any()
    photo = np.round(paste.photo.permute(1, 2, 0).numpy() * 255)
    assert (frame[outside] == photo[outside]).all()


def test_the_feather_is_wide_and_never_steep(framed: FramedPortrait) -> None:
    mask = visibility(frame_in_square(Alignment.of(framed), framed.frame))
    assert mask.max() == 1
    steepest = max(np.abs(np.diff(mask, axis=0)).max(), np.abs(np.diff(mask, axis=1)).max())
    assert steepest < 2.5 / FEATHER
    assert visibility(np.array([[[EDGE, SIDE / 2]], [[EDGE + FEATHER, SIDE / 2]]])).ravel().tolist() == [0, 1]


def test_no_colour_ring_shows_where_the_generator_misses_the_tone(framed: FramedPortrait, paste: Paste) -> None:
    """A generator that is 10 grey levels too dark: without the correction a square would show."""
    dark = (square_of(framed) - 10 / 255).clamp(0, 1)
    before = ring(paste, dark)
    corrected = Paste(framed, Alignment.of(framed), CPU)
    corrected.match_tone(dark)
    assert before > 7
    assert ring(corrected, dark) < 1.5


def ring(paste: Paste, square: torch.Tensor) -> float:
    """Grey levels, broadly averaged, between frame and photo where the square is shown."""
    frame = paste.frames(square)[0].numpy().astype(np.float32)
    apart = cv2.GaussianBlur(frame - paste.photo.permute(1, 2, 0).numpy() * 255, (0, 0), 8)
    return float(np.abs(apart[paste.mask[0].numpy() > 0.9]).mean())


def test_a_tone_is_never_corrected_beyond_recognition(framed: FramedPortrait) -> None:
    corrected = Paste(framed, Alignment.of(framed), CPU)
    corrected.match_tone(torch.zeros(1, 3, SIDE, SIDE))
    assert corrected.frames(torch.zeros(1, 3, SIDE, SIDE))[0].numpy()[256, 205].max() < 20


def test_alpha_comes_along_as_a_fourth_channel(paste: Paste) -> None:
    alpha = torch.full((2, 1, 512, 410), 0.5)
    frames = paste.frames(torch.zeros(2, 3, SIDE, SIDE), alpha)
    assert frames.shape == (2, 512, 410, 4)
    assert (frames[..., 3] == 128).all()
