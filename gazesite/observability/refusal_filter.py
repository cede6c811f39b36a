"""Log filter that folds what Django says of a refused request into the request's line in the access log."""

from __future__ import annotations

import logging

from gazesite.middleware import request_context

LONGEST = 200
"""Characters of a reason: strangers choose some of them."""


class FoldRefusals(logging.Filter):
    """Filter on every handler: drops only Django's records about an answer of 4xx, whose reason it notes.

    Without a request's facts, as in commands, it passes those too. Faults of ours (5xx) keep their own line.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        facts = request_context.current.get()
        if facts is None or not record.name.startswith("django.") or not 400 <= getattr(record, "status_code", 0) < 500:
            return True
        facts.refusal = facts.refusal or _reason(record)
        return False


def _reason(record: logging.LogRecord) -> str:
    """One line; empty where the status says it all."""
    error = record.exc_info[1] if record.exc_info else None
    text = str(error) if error else record.getMessage() if record.name.startswith("django.security") else ""
    return text.encode("unicode_escape").decode()[:LONGEST]
