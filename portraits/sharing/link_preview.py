"""Link preview of a shared portrait: a JPEG of 1200 × 630 pixels for messengers and social networks."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from gpuworker.rendering.sheets import GROUND, SYNTHETIC_XMP

NAME = "link-preview.jpg"
WIDTH, HEIGHT = 1200, 630
QUALITY = 86
TALLEST = 0.95
"""Width over height up to which a picture counts as head and shoulders, which may be cropped a little."""
ZOOM, CUT_ABOVE = 1.14, 0.25
"""Height of such a picture over the preview's, and the share of the surplus that is cropped above the head."""
FEATHER = 0.16
"""Share of the portrait's width over which each side fades into the background."""
EDGE = 0.06
"""Share of the width whose mean colour, row by row, fills the space beside the portrait."""
BLUR, DARKER = 70, 0.28
"""Blur of the background, pixels, and loss of light at the preview's own edges, 0 … 1."""
TINT = 0.16
"""Share of the person's mean colour in the wall behind them, 0 … 1."""


def compose(poster: bytes) -> bytes:
    """Preview, as a JPEG file, of a poster in any format that Pillow reads.

    The space beside the portrait continues the photo's colours; transparent posters get a wall in daylight behind them.
    Raises OSError when the poster is no picture.
    """
    with Image.open(io.BytesIO(poster)) as opened:
        picture = opened.convert("RGBA")
    transparent = np.asarray(picture.getchannel("A")).min() < 255
    preview = _on_wall(picture) if transparent else _on_its_colours(picture.convert("RGB"))
    encoded = io.BytesIO()
    preview.save(encoded, "JPEG", quality=QUALITY, optimize=True, progressive=True, xmp=SYNTHETIC_XMP)
    return encoded.getvalue()


def _on_its_colours(picture: Image.Image) -> Image.Image:
    fitted = _fitted(picture)
    background = Image.fromarray(_continued(np.asarray(fitted, np.float32)))
    mask = Image.fromarray(_feather_mask(fitted.width, fitted.height))
    background.paste(fitted, ((WIDTH - fitted.width) // 2, (HEIGHT - fitted.height) // 2), mask)
    return background


def _on_wall(picture: Image.Image) -> Image.Image:
    """Person without background, standing on the lower edge; fades where the photo ends at the sides."""
    fade = Image.fromarray(_feather_mask(picture.width, picture.height, beside_only=True))
    picture.putalpha(ImageChops.multiply(picture.getchannel("A"), fade))
    person = picture.crop(picture.getchannel("A").getbbox() or (0, 0, *picture.size))
    scale = min(ZOOM * HEIGHT / person.height, 0.9 * WIDTH / person.width)
    person = person.resize(_scaled(person, scale), Image.Resampling.LANCZOS)
    pixels = np.asarray(person, np.float32)
    wall = Image.fromarray(_wall(np.average(pixels[..., :3], axis=(0, 1), weights=_weights(pixels[..., 3]))))
    wall.paste(person, ((WIDTH - person.width) // 2, round(0.05 * HEIGHT)), person)
    return wall


def _weights(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights of the pixels, (H, W, 3); all alike where no person is visible."""
    return np.repeat((alpha + (0.0 if alpha.any() else 1.0))[..., None], 3, axis=2)


def _continued(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Background, (HEIGHT, WIDTH, 3): each edge of the picture continued outwards, blurred and darkened."""
    height, width = pixels.shape[:2]
    part = max(1, round(EDGE * width))
    ends = [pixels[:, :part].mean(axis=1), pixels[:, -part:].mean(axis=1)]
    across = np.linspace(-0.5, 0.5, WIDTH, dtype=np.float32) * WIDTH / width
    weight = np.clip(across + 0.5, 0, 1)[None, :, None]
    rows = ends[0][:, None] * (1 - weight) + ends[1][:, None] * weight
    above = (HEIGHT - height) // 2
    whole = np.pad(rows, ((above, HEIGHT - height - above), (0, 0), (0, 0)), mode="edge")
    blurred = Image.fromarray(whole.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(BLUR))
    light = 1 - DARKER * (2 * np.linspace(-0.5, 0.5, WIDTH)) ** 2
    return (np.asarray(blurred) * light[None, :, None]).astype(np.uint8)


def _wall(colour: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Wall, (HEIGHT, WIDTH, 3): lighter behind the head than in the corners, tinted with that colour."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    light = 1.03 - 0.16 * np.clip(x**2 * 0.8 + (y + 0.2) ** 2 * 0.5, 0, 1)
    ground = (1 - TINT) * np.array(GROUND) + TINT * colour
    pixels: NDArray[np.uint8] = (ground * light[..., None]).clip(0, 255).astype(np.uint8)
    return pixels


def _fitted(picture: Image.Image) -> Image.Image:
    """Picture scaled to fit the preview, keeping its aspect ratio."""
    zoom = ZOOM if picture.width / picture.height <= TALLEST else 1.0
    scale = min(zoom * HEIGHT / picture.height, WIDTH / picture.width)
    fitted = picture.resize(_scaled(picture, scale), Image.Resampling.LANCZOS)
    above = round(CUT_ABOVE * max(0, fitted.height - HEIGHT))
    return fitted.crop((0, above, fitted.width, above + min(HEIGHT, fitted.height)))


def _scaled(picture: Image.Image, scale: float) -> tuple[int, int]:
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def _feather_mask(width: int, height: int, beside_only: bool = False) -> NDArray[np.uint8]:
    """Mask, (height, width): opaque in the middle, fading where the picture does not reach the preview's edge.

    beside_only: always fade left and right, never above and below.
    """
    mask = np.ones((height, width))
    if beside_only or width < WIDTH:
        mask *= _ramp(width)[None, :]
    if not beside_only and height < HEIGHT:
        mask *= _ramp(height)[:, None]
    opaque: NDArray[np.uint8] = np.round(255 * mask).astype(np.uint8)
    return opaque


def _ramp(length: int) -> NDArray[np.float64]:
    """Smooth ramp, (length,), from 0 at both ends to 1."""
    from_end = np.minimum(np.arange(length), np.arange(length)[::-1]) / (FEATHER * length)
    ramp: NDArray[np.float64] = np.clip(from_end, 0, 1)
    return ramp * ramp * (3 - 2 * ramp)
