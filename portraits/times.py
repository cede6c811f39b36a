"""Moments in words, in UTC: in sentences, names and pages, from where a script may make them the visitor's own."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_in_words(when: datetime) -> str:
    """Such as “17 July 2026, 14:05 UTC”; static/site/local-times.js finds it by this form."""
    return f"{when.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def day_in_words(when: datetime) -> str:
    """Such as “17 July 2026 UTC”."""
    return f"{when.astimezone(UTC):%-d %B %Y} UTC"
