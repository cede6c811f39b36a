"""Template tags of the share panel: facts about a portrait."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import template

from portraits.models import Portrait, ShareLink
from portraits.sharing import looks
from portraits.sharing import visibility as visibilities
from portraits.sharing.forms import ShareForm
from portraits.sharing.share_urls import ShareURLs
from portraits.sharing.visibility import Visibility

register = template.Library()


@register.simple_tag(takes_context=True)
def share_form(context: dict[str, Any], portrait: Portrait) -> ShareForm:
    """Form of the view, with its errors; else a new one."""
    sent = context.get("share_form")
    return sent if isinstance(sent, ShareForm) else ShareForm(portrait=portrait, initial={"days": ""})


@register.simple_tag
def visibility(portrait: Portrait, links: Collection[ShareLink]) -> Visibility:
    """Description of who can see a portrait at present."""
    session = portrait.current_session
    return visibilities.describe(portrait, links, anything_shown=session is not None and session.alive)


@register.filter
def address(link: ShareLink) -> str:
    """URL of the link's page; empty where its token is not known any more."""
    token = link.token
    return ShareURLs(token).page if token else ""


@register.filter
def looks_in_words(link: ShareLink) -> str:
    """Number of looks at a link, in words."""
    number = looks.total(link)
    return "no looks yet" if number == 0 else "1 look" if number == 1 else f"{number:,} looks"
