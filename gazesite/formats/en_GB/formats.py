"""Formats of Django's own pages, above all of the admin: 24 hours, and the zone, which is UTC everywhere."""

from __future__ import annotations

DATETIME_FORMAT = SHORT_DATETIME_FORMAT = r"j M Y, H:i \U\T\C"
TIME_FORMAT = r"H:i \U\T\C"
DATE_FORMAT = SHORT_DATE_FORMAT = r"j M Y"
