"""Redaction of secrets in logs: tokens in addresses, keys and passwords."""

from __future__ import annotations

import logging
import re

SHARED = re.compile(r"(/s/)[^/\s\"'<>?#&),;]+")
"""Path of anything shared; its second part is the token."""
SIGN_IN = re.compile(r"(/sign-in/[^/\s\"'<>?#&),;]+/)[^/\s\"'<>?#&),;]+")
MAILED = re.compile(r"(/accounts/(?:confirm-email|password/reset/key)/)[^/\s\"'<>?#&),;]+")
"""Paths that allauth puts into its mails."""
ADDRESSES = (SHARED, SIGN_IN, MAILED)
HIDDEN = r"\1[token]"

BEARER = re.compile(r"(\bBearer\s+)[^\s\"',;]+", re.IGNORECASE)
PROVIDER_KEY = re.compile(r"\b()rpa_[A-Za-z0-9]{6,}")
CREDENTIALS = re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']*:)[^\s/@\"']+(?=@)")
"""Password in the address of a database, of Redis or of a mail server.

The scheme's length is bounded: else the search would start anew at every dot of a long line.
"""
SECRETS = (BEARER, PROVIDER_KEY, CREDENTIALS)


def redact(text: str) -> str:
    """The text without tokens, keys and passwords."""
    for pattern in (*ADDRESSES, *SECRETS):
        text = pattern.sub(HIDDEN, text)
    return text


class RedactionFilter(logging.Filter):
    """Log filter for every handler; one on a logger would not see its children's records. It passes every record.

    It changes message, fields and traceback; a formatter of `settings.LOGGING` writes nothing else that a
    stranger could have put there.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        fields = getattr(record, "fields", {})
        record.fields = {name: redact(value) if isinstance(value, str) else value for name, value in fields.items()}
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True
