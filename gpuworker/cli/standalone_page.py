"""The page beside the sheets: index.html and the element's own files, ready for any static server."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gpuworker.errors import OutputFailed
from gpuworker.whole_file import make_folder, write_whole

IN_PACKAGE = Path(__file__).parents[1] / "page_files"
IN_REPOSITORY = Path(__file__).parents[2] / "static" / "gaze"
"""A wheel carries the element's files inside the package; a checkout has them where the site serves them."""

STANDALONE = "standalone.html"


def sources() -> list[Path]:
    """The files of the page, as they lie in the package or the checkout."""
    return sorted(path for path in _folder().rglob("*") if path.suffix in {".js", ".css", ".html"})


def _folder() -> Path:
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
    for folder in sorted({(out / name).parent for name in names()} - {out}, reverse=True):
        with suppress(OSError):  # it holds something else
            folder.rmdir()


def names() -> tuple[str, ...]:
    """Paths of the page's files in the folder of the sheets."""
    inside = (source.relative_to(_folder()).as_posix() for source in sources())
    return tuple("index.html" if name == STANDALONE else name for name in inside)


def write(out: Path) -> tuple[str, ...]:
    """Put the page into the folder; returns the names written. Raises OutputFailed."""
    for name, source in zip(names(), sources(), strict=True):
        make_folder((out / name).parent)
        write_whole(out / name, source.read_bytes())
    return names()
