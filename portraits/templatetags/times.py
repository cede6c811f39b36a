"""Template tags for times: shown in UTC until static/site/local-times.js replaces them by the visitor's local time."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portraits.times import day_in_words, moment_in_words

register = template.Library()


@register.simple_tag
def moment(when: datetime) -> SafeString:
    """HTML of a date and a time."""
    return format_html(
        '<time datetime="{}" data-local="moment">{}</time>', when.isoformat(timespec="seconds"), moment_in_words(when)
    )


@register.simple_tag
def day(when: datetime) -> SafeString:
    """HTML of a date."""
    return format_html(
        '<time datetime="{}" data-local="day">{}</time>', when.isoformat(timespec="seconds"), day_in_words(when)
    )
