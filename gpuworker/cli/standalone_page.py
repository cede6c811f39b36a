"""The page beside the sheets: index.html and the element's own files, ready for any static server."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gpuworker.errors import OutputFailed
from gpuworker.whole_file import write_whole

IN_PACKAGE = Path(__file__).parents[1] / "page_files"
IN_REPOSITORY = Path(__file__).parents[2] / "static" / "gaze"
"""A wheel carries the element's files inside the package; a checkout has them where the site serves them."""

STANDALONE = "standalone.html"
NAMES = ("gaze-tracker*.min.js", "gaze-tracker.js", "standalone.*")
"""The page, the element's bundle, and the loader that pages of your own may name."""


def sources() -> list[Path]:
    """The files of the page, as they lie in the package or the checkout."""
    return sorted(path for pattern in NAMES for path in element_folder().glob(pattern))


def element_folder() -> Path:
    """Folder of the element's modules."""
    return IN_PACKAGE if IN_PACKAGE.is_dir() else IN_REPOSITORY


def check(out: Path) -> None:
    """Raises OutputFailed when the folder holds an index.html that is not ours to replace."""
    index = out / "index.html"
    if index.exists() and b"gaze-tracker" not in index.read_bytes():
        raise OutputFailed(f"{index} is another page. Please choose another folder, or --no-page.")


def remove(out: Path) -> None:
    """Take the page away again, from a folder whose sheets did not come to be."""
    for name in names():
        with suppress(OSError):  # the error that led here is the one to tell
            (out / name).unlink(missing_ok=True)


def names() -> tuple[str, ...]:
    """Names of the page's files beside the sheets."""
    return tuple("index.html" if source.name == STANDALONE else source.name for source in sources())


def write(out: Path) -> tuple[str, ...]:
    """Put the page into the folder; returns the names written. Raises OutputFailed."""
    for name, source in zip(names(), sources(), strict=True):
        write_whole(out / name, source.read_bytes())
    return names()
