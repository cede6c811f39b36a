"""Pasting of the generated square into the frame, with an edge too soft to be seen.

Where each frame pixel lies in the square never changes, so it is computed once. Two things betray a
pasted square: its edge, which gets a wide feather, and its tone, which the generator never meets
quite: what the neutral frame lacks of the photo's broad tones is added to every frame.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gpuworker.contract import Size
from gpuworker.engines.liveportrait.alignment import SIDE, Alignment
from gpuworker.engines.liveportrait.nets.precision import wide
from gpuworker.vision.framing import SUPERSAMPLING, FramedPortrait

EDGE = 6.0
"""Pixels of the square that are never shown: convolutions know too little there."""
FEATHER = 64.0
"""Pixels of the square over which it fades into the photo."""
TONE_BLUR = 0.05
"""Sigma of what counts as broad tones, of the frame's width."""
MOST_TONE = 0.06
"""The tone is corrected by no more than this, of 1."""


class Paste:
    """One portrait's photo and the way from the square into its frames, on the nets' device.

    photo: (3, H, W) float32, 0 … 1; mask: (1, H, W) float32, how much of the square is shown.
    """

    def __init__(self, portrait: FramedPortrait, alignment: Alignment, device: torch.device) -> None:
        frame = portrait.frame
        size = (frame.width, frame.height)
        small = cv2.resize(portrait.picture, size, interpolation=cv2.INTER_AREA)
        places = frame_in_square(alignment, frame)
        grid = torch.from_numpy((places * 2 / SIDE - 1).astype(np.float32))
        self.photo = torch.from_numpy(np.ascontiguousarray(small)).to(device).permute(2, 0, 1).float() / 255
        self.mask = torch.from_numpy(visibility(places))[None].to(device)
        self._grid = grid.to(device)
        self._tone: Tensor = torch.zeros_like(self.photo)

    def match_tone(self, neutral: Tensor) -> None:
        """Take the broad tones of (1, 3, SIDE, SIDE), the square that looks straight ahead, to the photo's."""
        lacking = ((self.photo - self._warped(neutral)[0]) * self.mask).permute(1, 2, 0).cpu().numpy()
        sigma = TONE_BLUR * lacking.shape[1]
        weight = cv2.GaussianBlur(self.mask[0].cpu().numpy(), (0, 0), sigma)
        broad = cv2.GaussianBlur(lacking, (0, 0), sigma) / np.maximum(weight, 1e-3)[..., None]
        tone = torch.from_numpy(np.clip(broad, -MOST_TONE, MOST_TONE).astype(np.float32))
        self._tone = tone.permute(2, 0, 1).to(self.photo.device)

    def frames(self, squares: Tensor, alpha: Tensor | None = None) -> Tensor:
        """(B, 3, SIDE, SIDE) of 0 … 1 → (B, H, W, 3) uint8, or 4 channels with the alpha (B, 1, H, W) of 0 … 1."""
        pasted = torch.lerp(self.photo, self._warped(squares) + self._tone, self.mask)
        if alpha is not None:
            pasted = torch.cat([pasted, alpha], dim=1)
        return (pasted.clamp(0, 1) * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1).contiguous()

    def _warped(self, squares: Tensor) -> Tensor:
        grid = self._grid.expand(len(squares), -1, -1, -1)
        return functional.grid_sample(wide(squares), grid, padding_mode="border", align_corners=False)

    def spread(self, fields: Tensor) -> Tensor:
        """Fields over the square (B, C, h, w) at the frame's pixels, (B, C, H, W)."""
        return self._warped(fields)


def frame_in_square(alignment: Alignment, frame: Size) -> NDArray[np.float64]:
    """(H, W, 2): where the centre of each frame pixel lies in the square, continuous coordinates."""
    x, y = np.meshgrid(np.arange(frame.width) + 0.5, np.arange(frame.height) + 0.5)
    picture = np.stack([x, y], axis=-1) * SUPERSAMPLING
    places: NDArray[np.float64] = picture @ alignment.to_square[:, :2].T + alignment.to_square[:, 2]
    return places


def visibility(places: NDArray[np.float64]) -> NDArray[np.float32]:
    """(H, W): 1 deep inside the square, 0 at its edge and beyond, smooth in between."""
    depth = np.minimum(places, SIDE - places).min(axis=-1)
    share = np.clip((depth - EDGE) / FEATHER, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
