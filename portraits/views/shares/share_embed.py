"""Page with only a shared portrait, for iframes on other sites."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from portraits.live import publisher
from portraits.models import ShareLink
from portraits.sharing import looks
from portraits.views.shares.frameable import frameable
from portraits.views.shares.share_link_required import share_link_required


@login_not_required
@require_safe
@share_link_required
@frameable
@cache_control(public=True, max_age=60)
def share_embed(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """Page without cookies; cached for at most a minute, so that a revoked link soon stops working."""
    output = link.output
    if output:
        looks.count(request, link)
    name = publisher.file_name(output, "poster.webp") if output else ""
    poster = reverse("share-file", args=[token, name]) if output else None
    return render(request, "share/embed.html", {"token": token, "poster": poster})
