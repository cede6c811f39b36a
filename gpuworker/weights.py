"""The weights of the LivePortrait engine and of the matting model: which files, fetched from any mirror, verified.

Standard library only: weights are fetched without torch. The files are MIT-licensed
(KlingTeam/LivePortrait; ZhengPeng7/BiRefNet) and are never part of this project.
"""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from gpuworker.errors import BadRequest, OutputFailed, WrongWeights
from gpuworker.whole_file import part_of

FOLDER = "GAZE_WEIGHTS"
"""The environment variable that names the folder."""
MIRROR = "https://huggingface.co/KlingTeam/LivePortrait/resolve/main"
REMBG = "https://github.com/danielgatis/rembg/releases/download/v0.0.0"

TIMEOUT = 30.0
"""Seconds without a byte after which a mirror counts as silent."""
TRIES = 5
"""In a row without a new byte; a connection that ends early is taken up where it ended."""
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """path: below the folder and below the mirror's address; size: bytes; sha256: hexadecimal.

    mirror: the address it is fetched from unless another is named; option: of the command that fetches it.
    """

    path: str
    size: int
    sha256: str
    mirror: str = MIRROR
    option: str = ""


CHECKPOINTS: Mapping[str, Checkpoint] = {
    "appearance_feature_extractor": Checkpoint(
        "liveportrait/base_models/appearance_feature_extractor.pth",
        3_387_959,
        "5279bb8654293dbdf327030b397f107237dd9212fb11dd75b83dfb635211ceb5",
    ),
    "motion_extractor": Checkpoint(
        "liveportrait/base_models/motion_extractor.pth",
        112_545_506,
        "251e6a94ad667a1d0c69526d292677165110ef7f0cf0f6d199f0e414e8aa0ca5",
    ),
    "warping_module": Checkpoint(
        "liveportrait/base_models/warping_module.pth",
        182_180_086,
        "2f61a6f265fe344f14132364859a78bdbbc2068577170693da57fb96d636e282",
    ),
    "spade_generator": Checkpoint(
        "liveportrait/base_models/spade_generator.pth",
        221_813_590,
        "4780afc7909a9f84e24c01d73b31a555ef651521a1fe3b2429bd04534d992aee",
    ),
    "stitching": Checkpoint(
        "liveportrait/retargeting_models/stitching_retargeting_module.pth",
        2_393_098,
        "3652d5a3f95099141a56986aaddec92fadf0a73c87a20fac9a2c07c32b28b611",
    ),
}
"""Checkpoints by the name of the net."""

MATTING = Checkpoint(
    "BiRefNet-portrait-epoch_150.onnx",
    972_666_916,
    "1ba1c8ff5a7bbfadc8d8d13fb11d7be793f91f23d9d466549e37a854f6668f99",
    REMBG,
    "--which matting ",
)
"""BiRefNet for portraits, as its author exported it and rembg publishes it.

rembg's code names an MD5 today; the SHA-256 is the one with which it took the file up (its commit ea7290c).
"""


def chosen(which: str) -> list[Checkpoint]:
    """The files of “liveportrait”, of “matting”, or of “all”."""
    return [
        *(CHECKPOINTS.values() if which != "matting" else ()),
        *((MATTING,) if which != "liveportrait" else ()),
    ]


def folder() -> Path:
    """The folder of the weights that the environment names. Raises WrongWeights when it says nothing."""
    named = os.environ.get(FOLDER)
    if not named:
        raise WrongWeights(f"Please set {FOLDER} to the folder that holds the weights of the LivePortrait engine.")
    return Path(named)


def verify(where: Path) -> dict[str, Path]:
    """The path of each net's file, all of them whole and right. Raises WrongWeights with both hashes."""
    return {name: verified(where / checkpoint.path, checkpoint) for name, checkpoint in CHECKPOINTS.items()}


def verified(path: Path, checkpoint: Checkpoint) -> Path:
    """The same path, of a file that is whole and right. Raises WrongWeights with both hashes."""
    try:
        size, digest = path.stat().st_size, _digest(path)
    except OSError as error:
        raise WrongWeights(
            f"The weights {path} cannot be read: {error.strerror}. "
            f"`python -m gpuworker fetch-weights {checkpoint.option}--to {_root(path, checkpoint)}` fetches them."
        ) from error
    if size != checkpoint.size or digest != checkpoint.sha256:
        raise WrongWeights(_differs(str(path), checkpoint, size, digest))
    return path


def _root(path: Path, checkpoint: Checkpoint) -> Path:
    return path.parents[len(Path(checkpoint.path).parts) - 1]


def _differs(what: str, checkpoint: Checkpoint, size: int, digest: str) -> str:
    return (
        f"{what} is not the {Path(checkpoint.path).name} that we were made for: "
        f"it has {size:,} bytes and the SHA-256 {digest}, "
        f"but {checkpoint.size:,} bytes and {checkpoint.sha256} are expected."
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ------------------------------------------------------------------ fetching

Told = Callable[[str, int, int], None]
"""Called with a file's path, how many bytes of it are there, and how many it has."""


def _tell_none(path: str, present: int, total: int) -> None:
    pass


def fetch(
    to: Path, mirror: str | None = None, told: Told = _tell_none, files: Iterable[Checkpoint] | None = None
) -> list[Path]:
    """Fetch what is not there yet, resuming what was begun. Returns the paths of all files.

    mirror: instead of each file's own; files: by default those of the LivePortrait engine.
    Raises BadRequest for an address that is none, OutputFailed for a full disk, and WrongWeights with
    both hashes for a file that is not the right one, or with the mirror's answer when there is none.
    """
    if mirror is not None and not mirror.startswith(("https://", "http://")):
        raise BadRequest(f"“{mirror}” is not the address of a mirror; it starts with https:// or http://.")
    return [
        _fetch_one(to / each.path, each, f"{(mirror or each.mirror).rstrip('/')}/{each.path}", told)
        for each in (CHECKPOINTS.values() if files is None else files)
    ]


def _fetch_one(path: Path, checkpoint: Checkpoint, address: str, told: Told) -> Path:
    with suppress(WrongWeights):
        return verified(path, checkpoint)
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fill(part, checkpoint, address, told)
        size, digest = part.stat().st_size, _digest(part)
        if size != checkpoint.size or digest != checkpoint.sha256:
            part.unlink()  # resuming a wrong file would never make it right
            raise WrongWeights(_differs(address, checkpoint, size, digest))
        os.replace(part, path)
    except OSError as error:
        raise OutputFailed(details={"file": path.name, "reason": error.strerror or str(error)}) from error
    return path


def _fill(part: Path, checkpoint: Checkpoint, address: str, told: Told) -> None:
    """Append to the part until it is as long as the file, over as many connections as bring something."""
    idle, reason = 0, "it sent nothing"
    while (present := _length(part)) < checkpoint.size:
        try:
            _append(part, checkpoint, address, told)
        except urllib.error.HTTPError as error:
            raise WrongWeights(f"The mirror answers {error.code} {error.reason} for {address}.") from error
        except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        idle = 0 if _length(part) > present else idle + 1
        if idle >= TRIES:
            raise WrongWeights(f"The mirror gives no more of {address}: {reason}. The same command goes on from here.")


def _append(part: Path, checkpoint: Checkpoint, address: str, told: Told) -> None:
    present = _length(part)
    request = urllib.request.Request(address, headers={"User-Agent": "gazesite"})
    if present:
        request.add_header("Range", f"bytes={present}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response, part.open("ab") as file:
        if present and not _continues(response, present):
            file.truncate(0)  # it knows no ranges and sends everything again
        while chunk := response.read(CHUNK):
            file.write(chunk)
            file.flush()
            told(checkpoint.path, file.tell(), checkpoint.size)
            if file.tell() > checkpoint.size:
                return  # too long is wrong, however much more there is


def _continues(response: HTTPResponse, present: int) -> bool:
    said = response.headers.get("Content-Range", "")
    return response.status == 206 and said.startswith(f"bytes {present}-")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
