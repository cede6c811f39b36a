"""HTTP 503 for operational failures: a full disk, or a database, storage or queue that does not answer.

This module alone decides which exceptions are outages and not bugs, and what people are told about them.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from portraits import metrics
from portraits.files import storage
from portraits.http.accept import wants_json
from portraits.queue import broker

DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SQLITE_FULL = 13
POSTGRES_DISK_FULL, POSTGRES_READ_ONLY = "53100", "25006"


@dataclass(frozen=True)
class Outage:
    """Operational failure, as clients are told of it."""

    code: str
    """Stable code for programs."""
    sentence: str
    """Sentence for the person."""
    retry_seconds: int
    """Value of Retry-After."""

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "sentence": self.sentence}


DISK_FULL = Outage(
    "disk_full",
    "Our disk is full, so nothing new can be saved just now. What you made before is safe. "
    "Please try again in a few minutes.",
    60,
)
DATABASE_UNAVAILABLE = Outage(
    "database_unavailable",
    "Our database does not answer just now. What you made before is safe. Please try again in a moment.",
    10,
)
STORAGE_UNAVAILABLE = Outage(
    "storage_unavailable",
    "The place where we keep pictures does not answer just now. What you made before is safe. "
    "Please try again in a moment.",
    10,
)
OTHER = Outage("unavailable", "The site cannot do this just now. Please try again in a moment.", 10)
TOO_MANY_DOWNLOADS = Outage(
    "too_many_downloads", "Two of your portraits are being downloaded already. Please try again when one is there.", 15
)
SHEETS_UNDER_WAY = Outage(
    "sheets_under_way", "The sheets of this portrait are being made. Please try again in a moment.", 10
)
BUGS = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)
"""Kinds of OSError that are a fault of our code and not of the machine."""


def outage_of(error: BaseException | None) -> Outage | None:
    """Outage behind an exception; None when it is a bug."""
    if isinstance(error, OperationalError | InterfaceError):
        return DISK_FULL if _database_disk_is_full(error) else DATABASE_UNAVAILABLE
    if isinstance(error, InternalError):
        return DATABASE_UNAVAILABLE if _sqlstate(error) == POSTGRES_READ_ONLY else None
    if isinstance(error, OSError):
        return _outage_of_system(error)
    return OTHER if isinstance(error, broker.away()) else None


def response(request: HttpRequest, outage: Outage) -> HttpResponse:
    """Response of 503, as JSON {code, sentence} or as a page. Uses neither database nor storage."""
    metrics.outage_answered(outage.code)
    if wants_json(request):
        answer: HttpResponse = JsonResponse(outage.to_json(), status=503)
    else:
        answer = HttpResponse(render_to_string("503.html", {"outage": outage}), status=503)
    answer["Retry-After"] = str(outage.retry_seconds)
    answer["Cache-Control"] = "no-store"
    patch_vary_headers(answer, ["Accept"])
    return answer


def _outage_of_system(error: OSError) -> Outage | None:
    if error.errno in DISK_FULL_ERRORS:
        return DISK_FULL
    if isinstance(error, storage.StorageUnavailable):
        return STORAGE_UNAVAILABLE
    return None if isinstance(error, BUGS) else OTHER


def _database_disk_is_full(error: Exception) -> bool:
    return getattr(error.__cause__, "sqlite_errorcode", None) == SQLITE_FULL or _sqlstate(error) == POSTGRES_DISK_FULL


def _sqlstate(error: Exception) -> str | None:
    """SQLSTATE of an error from PostgreSQL; None for others."""
    return getattr(error.__cause__, "sqlstate", None)
