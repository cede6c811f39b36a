"""Static file server: ASGI middleware that answers for scripts, styles and pictures before Django."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI

from portraits.sharing.element_script import CURRENT

MAX_AGE = 300
"""Seconds for which browsers keep a file; afterwards they revalidate it."""

COMPRESSIBLE = {".css", ".html", ".js", ".json", ".svg", ".txt"}
"""Suffixes of text; pictures and fonts are compressed already."""


def static_files(application: Any) -> ServeStaticASGI:
    """Middleware around `application` that serves every static file of the apps and static/, as found at start."""
    site = ServeStaticASGI(
        application, max_age=MAX_AGE, add_headers_function=_add_headers, immutable_file_test=_is_immutable
    )
    compressed = Path(mkdtemp(prefix="static-"))
    finalize(site, shutil.rmtree, compressed, ignore_errors=True)
    for number, (url, path) in enumerate(_found()):
        link = compressed / f"{number}{path.suffix}"
        site.add_file_to_dictionary(url, str(_compressed(path, link) if path.suffix in COMPRESSIBLE else path))
    return site


def _compressed(path: Path, link: Path) -> Path:
    """Link to a file, with link.gz beside it, where ServeStatic finds it: the file's own folder may be read-only."""
    link.symlink_to(path)
    link.with_name(f"{link.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    return link


def _found() -> Iterator[tuple[str, Path]]:
    """URL and path of each file; the last one of a URL counts."""
    for finder in reversed(list(get_finders())):  # the first one to have a file wins
        for path, storage in finder.list([]):
            yield f"{settings.STATIC_URL}{path}", Path(storage.path(path))
    for name in CURRENT.files:
        yield CURRENT.path(name), CURRENT.folder / name


def _is_immutable(path: str, url: str) -> bool:
    """Whether the URL names a version."""
    return url.startswith("/element/")


def _add_headers(headers: Any, path: str, url: str) -> None:
    """Let pages of other sites use the element's files."""
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["X-Content-Type-Options"] = "nosniff"
