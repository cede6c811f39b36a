"""Cost of decoding a photo, foretold from its header.

The coefficients are what `make bench-decode` measures on two cores, upper bounds over the kinds of files in its
table; where a format's cost depends on what the picture shows, they are those of noise.
"""

from __future__ import annotations

from dataclasses import dataclass

from gpuworker.images import heif_grid
from gpuworker.images.image_headers import Header

MEGA = 1e6


@dataclass(frozen=True)
class Cost:
    """seconds: on two free cores. megabytes: on top of what the process has before."""

    seconds: float
    megabytes: float

    def within(self, budget: Cost) -> bool:
        return self.seconds <= budget.seconds and self.megabytes <= budget.megabytes


BUDGET = Cost(seconds=2.0, megabytes=200.0)
"""Limit for a stranger's file. A phone's 48-megapixel HEIC or JPEG is within it, and 12 megapixels in each format."""

OUTPUT = 3
"""Bytes for each pixel of the result."""
EDGE = Cost(0.02, 5.0)
"""Cost of each megapixel with alpha: colours are spread under what is transparent."""
FIXED = Cost(0.05, 12.0)


def of(header: Header, factor: int) -> Cost:
    """factor: by which the sides are divided while decoding (photo.read)."""
    if header.grid:
        cost = _grid(header, factor)
    else:
        cost = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "AVIF": _avif, "HEIF": _heif}[header.kind](header, factor)
    return Cost(FIXED.seconds + cost.seconds, FIXED.megabytes + cost.megabytes)


def _jpeg(header: Header, factor: int) -> Cost:
    """Coefficients of 2 bytes are kept where there is more than one scan; the rest is reduced from the start."""
    pixels = header.pixels / MEGA
    reduced = pixels / factor**2
    depth = 1 if header.grey else 4
    kept = header.samples * pixels
    scans = header.scans if header.samples else 0
    return Cost(
        0.017 * pixels * (1 if factor == 1 else 0.6) + 0.0018 * scans * pixels,
        max(1.85 * kept + depth * reduced, 0.35 * kept + (depth + OUTPUT) * reduced),
    )


def _png(header: Header, factor: int) -> Cost:
    pixels = header.pixels / MEGA
    samples = (1 if header.grey or header.palette else 3) + header.alpha
    depth = 1 if header.grey and not header.alpha else 4
    memory = depth + (OUTPUT if factor == 1 else 4 / factor**2) + header.palette
    seconds = 0.009 * samples * (2 if header.deep else 1) * (1.5 if header.interlaced else 1)
    return Cost((seconds + EDGE.seconds * header.alpha) * pixels, (memory + EDGE.megabytes * header.alpha) * pixels)


def _webp(header: Header, factor: int) -> Cost:
    """An animation's decoder keeps two canvases of 4 bytes, and Pillow two copies."""
    pixels = header.pixels / MEGA
    if not header.still_webp:
        return Cost(0.04 * pixels, 17 * pixels)
    memory = (7 if header.lossless else 6.3) + EDGE.megabytes * header.alpha
    return Cost((0.025 + EDGE.seconds * header.alpha) * pixels, memory * pixels)


def _avif(header: Header, factor: int) -> Cost:
    coded = max(header.pixels, header.coded_pixels) / MEGA
    memory = 11.5 + 2 * header.alpha + 3 * header.deep
    return Cost(0.04 * (1.5 if header.deep else 1) * coded, memory * _most(header))


def _heif(header: Header, factor: int) -> Cost:
    memory = 10.5 + 3 * header.alpha + 3 * header.deep
    return Cost(_hevc(header) * (1.3 if header.deep else 1), memory * _most(header))


def _most(header: Header) -> float:
    """Megapixels that are in memory at a time: with alpha, its pixels come after the others'."""
    coded = max(header.pixels, header.coded_pixels)
    return max(header.pixels, coded - header.pixels if header.alpha else coded) / MEGA


def _grid(header: Header, factor: int) -> Cost:
    """Nothing of the picture's full size is ever kept; its tiles are decoded by several threads."""
    return Cost(_hevc(header) / heif_grid.THREADS, 2 * OUTPUT * header.pixels / factor**2 / MEGA + 25)


def _hevc(header: Header) -> float:
    """Seconds of one core: by pixels, and by the bits that their arithmetic coding takes."""
    return 0.043 * max(header.pixels, header.coded_pixels) / MEGA + 0.07 * header.length / MEGA
