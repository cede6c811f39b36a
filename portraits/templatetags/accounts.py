"""Template tags of the account pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from portraits.models import User
from portraits.models.browser import GUEST_KEY

register = template.Library()


@register.simple_tag
def sends_mail() -> bool:
    """Whether the site sends mail; False where mail goes to the terminal."""
    return bool(settings.HAS_MAIL)


@register.simple_tag(takes_context=True)
def has_guest(context: dict[str, Any]) -> bool:
    """Whether this browser has a guest, whose portraits a sign-in keeps."""
    key = context["request"].session.get(GUEST_KEY)
    return key is not None and User.objects.guests().filter(pk=key).exists()
