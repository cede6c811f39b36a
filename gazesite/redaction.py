"""Share links stay out of logs: whoever reads a log could open them."""

from __future__ import annotations

import logging
import re

SHARED = re.compile(r"(/s/)[^/\s\"'<>?#&),;]+")
"""The address of anything shared, relative or whole; its second part is the token."""
HIDDEN = r"\1[token]"


def redact(text: str) -> str:
    """The text without the tokens of share links."""
    return SHARED.sub(HIDDEN, text)


class RedactTokens(logging.Filter):
    """On every handler: a filter on a logger would not see what its children say. Passes every record.

    It changes message and traceback; a formatter of `settings.LOGGING` writes nothing else.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True
