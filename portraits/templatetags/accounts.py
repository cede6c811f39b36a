"""Template tags of the account pages."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def sends_mail() -> bool:
    """Whether the site sends mail; False where mail goes to the terminal."""
    return bool(settings.HAS_MAIL)
