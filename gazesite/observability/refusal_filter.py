"""Log filter that moves Django's records about refused requests into the access log's line."""

from __future__ import annotations

import logging
from http import HTTPStatus

from gazesite.observability import request_context

MAX_REASON_LENGTH = 200
"""Most characters of a reason, some of which clients choose."""


class RefusalFilter(logging.Filter):
    """Log filter for every handler: drops Django's records about a refusal and notes their reason.

    A refusal is a 4xx response, and a 503 that no error has led to: "please come back". Other server errors (5xx) keep
    their own line. Without a request's context, as in commands, every record passes.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        context = request_context.current.get()
        if context is None or not _is_refusal(record):
            return True
        context.refusal = context.refusal or _reason(record)
        return False


def _is_refusal(record: logging.LogRecord) -> bool:
    status = getattr(record, "status_code", 0)
    is_refused_for_now = status == HTTPStatus.SERVICE_UNAVAILABLE and not record.exc_info
    return record.name.startswith("django.") and (400 <= status < 500 or is_refused_for_now)


def _reason(record: logging.LogRecord) -> str:
    """Reason in one line; empty where the status says it all."""
    error = record.exc_info[1] if record.exc_info else None
    text = str(error) if error else record.getMessage() if record.name.startswith("django.security") else ""
    return text.encode("unicode_escape").decode()[:MAX_REASON_LENGTH]
