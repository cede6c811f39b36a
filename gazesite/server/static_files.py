"""Scripts, styles and pictures of the site itself, answered before Django is asked."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI

MAX_AGE = 300
"""Seconds; afterwards browsers ask with the validator and hear 304."""


def static_files(application: Any) -> ServeStaticASGI:
    """Around `application`: every file that an installed app or static/ has, as it lies there at start."""
    site = ServeStaticASGI(application, max_age=MAX_AGE, add_headers_function=_for_other_sites)
    for finder in reversed(list(get_finders())):  # the first one to have a file wins
        for path, storage in finder.list([]):
            site.add_file_to_dictionary(f"{settings.STATIC_URL}{path}", storage.path(path))
    return site


def _for_other_sites(headers: Any, path: str, url: str) -> None:
    """The element is made to be used on other people's pages."""
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["X-Content-Type-Options"] = "nosniff"
