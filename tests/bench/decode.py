"""Seconds and memory of decoding photos of every kind, beside what their headers foretell.

Run alone on two cores: processor time hardly changes under load, but the table's bars are for a quiet machine.
"""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from PIL import Image

from gpuworker.errors import RenderError
from gpuworker.images import decode_cost, image_headers, photo
from gpuworker.images.decode_cost import BUDGET
from portraits.uploads import photo_analysis
from portraits.uploads.sandbox_limits import Limits
from portraits.uploads.sandbox_reply import MAX_SIDE
from tests.bench.figures import Figure, publish
from tests.gpuworker import heic
from tests.portraits.uploads.files import png

REFUSAL = decode_cost.Cost(seconds=0.25, megabytes=20)


@dataclass(frozen=True)
class Spent:
    """seconds: processor time, of all threads. megabytes: at the highest, on top of what was there."""

    outcome: str
    seconds: float
    megabytes: float


def noisy(width: int, height: int) -> Image.Image:
    """The astronaut with a sensor's noise, which is what codecs spend their bits on."""
    large = np.asarray(Image.fromarray(skimage.data.astronaut()).resize((width, height), Image.Resampling.BICUBIC))
    noise = np.random.default_rng(1).normal(0, 6, (height // 4 + 1, width, 1)).astype(np.int16)
    picture = large.astype(np.int16) + np.tile(noise, (4, 1, 1))[:height]
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def with_alpha(picture: Image.Image) -> Image.Image:
    alpha = np.zeros((picture.height, picture.width), np.uint8)
    alpha[200:-200, 500:-500] = 255
    picture = picture.copy()
    picture.putalpha(Image.fromarray(alpha))
    return picture


def of_a_phone() -> bytes:
    """48 megapixels in tiles, at 1.5 bits a pixel: 9 MB."""
    return heic.grid(21, 16, cut=(0, 96), copies=True)


TWELVE, LARGE, WHOLE = (4000, 3000), (5712, 4284), (8064, 6048)

TAKEN: dict[str, Callable[[], bytes]] = {
    "HEIC, 48 MP in tiles": of_a_phone,
    "HEIC, 12 MP in tiles": lambda: heic.grid(10, 8, copies=True),
    "JPEG, 48 MP": lambda: encoded(noisy(*WHOLE), "JPEG", quality=92),
    "JPEG, 48 MP, progressive": lambda: encoded(noisy(*WHOLE), "JPEG", quality=92, progressive=True),
    "JPEG, 24 MP": lambda: encoded(noisy(*LARGE), "JPEG", quality=92),
    "JPEG, 24 MP, progressive": lambda: encoded(noisy(*LARGE), "JPEG", quality=92, progressive=True),
    "JPEG, 12 MP, CMYK": lambda: encoded(noisy(*TWELVE).convert("CMYK"), "JPEG", quality=90),
    "PNG, 24 MP": lambda: encoded(noisy(*LARGE), "PNG", compress_level=1),
    "PNG, 12 MP, alpha": lambda: encoded(with_alpha(noisy(*TWELVE)), "PNG", compress_level=1),
    "PNG, 12 MP, palette": lambda: encoded(noisy(*TWELVE).quantize(64), "PNG", compress_level=1),
    "WebP, 24 MP": lambda: encoded(noisy(*LARGE), "WEBP", quality=75, method=1),
    "WebP, 12 MP, lossless": lambda: encoded(noisy(*TWELVE), "WEBP", lossless=True, quality=0, method=0),
    "WebP, 12 MP, alpha": lambda: encoded(with_alpha(noisy(*TWELVE)), "WEBP", quality=80, method=0),
    "AVIF, 12 MP": lambda: encoded(noisy(*TWELVE), "AVIF", quality=85, speed=10),
    "AVIF, 12 MP, alpha": lambda: encoded(with_alpha(noisy(*TWELVE)), "AVIF", quality=80, speed=10),
}


def flat_webp() -> bytes:
    bits = (6_999 | 6_999 << 14).to_bytes(4, "little")
    return b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<I", 14) + b"\x2f" + bits + bytes(9)


REFUSED: dict[str, Callable[[], bytes]] = {
    "WebP of 34 bytes, 49 MP": flat_webp,
    "PNG of 100 bytes, 50 MP": lambda: png(7071, 7071, 8, 2),
    "HEIC, 48 MP in 56 KB, not by tiles": lambda: heic.grid(20, 16, more=(heic.box(b"clap", bytes(32)),)),
    "JPEG, 25 MB of fill bytes": lambda: b"\xff\xd8\xff\xe1" + b"\0\2" + b"\xff" * (25 << 20),
    "PNG, 25 MB of empty chunks": lambda: png(9, 9, 8, 2)[:33] + b"\0\0\0\0tEXt\0\0\0\0" * (25 << 20 >> 4),
    "HEIC, 25 MB of empty boxes": lambda: heic.box(b"ftyp", b"heic") + heic.box(b"free") * (25 << 17),
}


def made(make: Callable[[], bytes]) -> bytes:
    """The file, made in a child of its own: what this process has freed would not be counted as needed later."""
    with tempfile.NamedTemporaryFile() as file:
        child = os.fork()
        if child == 0:
            Path(file.name).write_bytes(make())
            os._exit(0)
        os.waitpid(child, 0)
        return Path(file.name).read_bytes()


def spent(work: Callable[[], object]) -> Spent:
    """Time and memory of work in a child process of its own, which ends with it."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writable, json.dumps(_measured(work)).encode())
        os._exit(0)
    os.close(writable)
    with open(readable, "rb") as pipe:
        result = json.loads(pipe.read())
    os.waitpid(child, 0)
    return Spent(*result)


def _measured(work: Callable[[], object]) -> tuple[str, float, float]:
    before, start = _peak(), _processor_time()
    try:
        work()
        outcome = "taken"
    except RenderError as refusal:
        outcome = refusal.code
    return outcome, _processor_time() - start, _peak() - before


def _processor_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak() -> float:
    """Megabytes of memory at the highest."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def read(file: bytes) -> object:
    return photo.read(file, enough=MAX_SIDE, budget=BUDGET)


def figures_of_taken(name: str, file: bytes) -> list[Figure]:
    header = image_headers.parse(file)
    assert header is not None
    foretold = decode_cost.of(header, photo._factor((header.width, header.height), MAX_SIDE))
    cost = spent(lambda: read(file))
    if cost.outcome != "taken":
        raise SystemExit(f"{name} is refused: {cost.outcome}")
    # Tiles are decoded by two threads.
    seconds = cost.seconds / 2 if header.grid else cost.seconds
    return [
        Figure.at_most(f"{name}: seconds on two cores", seconds, "s", BUDGET.seconds),
        Figure.plain(f"{name}: foretold", foretold.seconds, "s"),
        Figure.at_most(f"{name}: memory", cost.megabytes, "MB", BUDGET.megabytes),
        Figure.plain(f"{name}: foretold", foretold.megabytes, "MB"),
    ]


def figures_of_refused(name: str, file: bytes) -> list[Figure]:
    cost = spent(lambda: read(file))
    if cost.outcome == "taken":
        raise SystemExit(f"{name} is not refused")
    return [
        Figure.at_most(f"{name}: {cost.outcome} after", cost.seconds, "s", REFUSAL.seconds),
        Figure.at_most(f"{name}: memory", cost.megabytes, "MB", REFUSAL.megabytes),
    ]


def figures_of_everything() -> list[Figure]:
    """Figures of a sandbox child's work on a phone's largest photo, its faces included."""
    file = made(of_a_phone)
    cost = spent(lambda: photo_analysis.handle(file))
    limits = Limits()
    return [
        Figure.at_most(
            "HEIC, 48 MP, and everything that follows: processor time", cost.seconds, "s", limits.cpu_seconds / 2
        ),
        Figure.at_most(
            "HEIC, 48 MP, and everything that follows: memory", cost.megabytes, "MB", limits.memory_megabytes / 2
        ),
    ]


def main() -> None:
    photo_analysis.warm()
    figures = []
    for name, make in TAKEN.items():
        figures += figures_of_taken(name, made(make))
    for name, make in REFUSED.items():
        figures += figures_of_refused(name, made(make))
    publish("decode", [*figures, *figures_of_everything()])


if __name__ == "__main__":
    main()
