"""Formats of times in words, in UTC, for sentences, names and pages; a script may show the visitor's own time."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_in_words(when: datetime) -> str:
    """Time such as “17 July 2026, 14:05 UTC”; static/site/local-times.js finds it by this form."""
    return f"{when.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def day_in_words(when: datetime) -> str:
    """Date such as “17 July 2026 UTC”."""
    return f"{when.astimezone(UTC):%-d %B %Y} UTC"
