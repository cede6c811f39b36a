"""Template tags of the share panel: facts about a portrait."""

from __future__ import annotations

from typing import Any

from django import template

from portraits.models import Portrait
from portraits.sharing import visibility as visibilities
from portraits.sharing.forms import ShareForm
from portraits.sharing.visibility import Visibility

register = template.Library()


@register.simple_tag(takes_context=True)
def share_form(context: dict[str, Any], portrait: Portrait) -> ShareForm:
    """The view's, with what was wrong with it, else a fresh one."""
    sent = context.get("share_form")
    return sent if isinstance(sent, ShareForm) else ShareForm(portrait=portrait, initial={"days": ""})


@register.simple_tag
def visibility(portrait: Portrait, live_links: int) -> Visibility:
    """Who can see it just now."""
    run = portrait.current_session
    return visibilities.of(portrait, live_links, anything_shown=run is not None and run.alive)
