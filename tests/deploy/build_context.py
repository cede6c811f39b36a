"""Files of an image's build context."""

from __future__ import annotations

import fnmatch
import shutil
from pathlib import Path

from tests.project.conftest import listed


def admitted(repo: Path, path: str) -> bool:
    """Whether .dockerignore lets a file into the build: the last pattern that fits it or a folder above it decides."""
    kept = True
    above = ["/".join(path.split("/")[: depth + 1]) for depth in range(path.count("/") + 1)]
    for line in (repo / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern, keeps = line.removeprefix("!"), line.startswith("!")
        variants = [pattern, pattern.removeprefix("**/")]
        if any(fnmatch.fnmatchcase(each, variant) for each in above for variant in variants) or (
            pattern.startswith("**/") and fnmatch.fnmatchcase(path.rsplit("/", 1)[-1], pattern[3:])
        ):
            kept = keeps
    return kept


def lay_out(repo: Path, folder: Path) -> Path:
    """Copy it into an empty folder."""
    for name in listed():
        if admitted(repo, name.as_posix()):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repo / name, folder / name)
    return folder
