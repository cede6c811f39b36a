"""What pages about accounts must know of the site."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def sends_mail() -> bool:
    """False where mail goes to the terminal."""
    return bool(settings.HAS_MAIL)
