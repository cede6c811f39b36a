"""Static file server: ASGI middleware that answers for scripts, styles and pictures before Django."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI

MAX_AGE = 300
"""Seconds for which browsers keep a file; afterwards they revalidate it."""


def static_files(application: Any) -> ServeStaticASGI:
    """Middleware around `application` that serves every static file of the apps and static/, as found at start."""
    site = ServeStaticASGI(application, max_age=MAX_AGE, add_headers_function=_add_headers)
    for finder in reversed(list(get_finders())):  # the first one to have a file wins
        for path, storage in finder.list([]):
            site.add_file_to_dictionary(f"{settings.STATIC_URL}{path}", storage.path(path))
    return site


def _add_headers(headers: Any, path: str, url: str) -> None:
    """Let pages of other sites use the element's files."""
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["X-Content-Type-Options"] = "nosniff"
