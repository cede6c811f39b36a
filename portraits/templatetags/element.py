"""Template tag of the element `<gaze-tracker>`: the script that defines it."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portraits.sharing.element_script import CURRENT, RIG_PART

register = template.Library()


@register.simple_tag
def element_script() -> SafeString:
    """HTML that loads the bundle and, at the same time, its part for rigs, which nearly every portrait needs.

    With DEBUG it loads the sources, so that a change of them shows at the next load.
    """
    if settings.DEBUG:
        return format_html('<script type="module" src="{}"></script>', static("gaze/define.js"))
    addresses = CURRENT.path(RIG_PART), CURRENT.path()
    return format_html('<link rel="modulepreload" href="{}"><script type="module" src="{}"></script>', *addresses)
