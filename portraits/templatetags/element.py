"""Template tag of the element `<gaze-tracker>`: the script that defines it."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portraits.sharing.element_script import CURRENT

register = template.Library()


@register.simple_tag
def element_script() -> SafeString:
    """HTML that loads the bundle; with DEBUG its sources, so that a change of them shows at the next load."""
    address = static("gaze/define.js") if settings.DEBUG else CURRENT.path()
    return format_html('<script type="module" src="{}"></script>', address)
