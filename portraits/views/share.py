"""The public page of a share link: one face in a calm room."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from portraits import progress
from portraits.models import ShareLink
from portraits.share_addresses import ShareAddresses
from portraits.views.through_link import through_link


@login_not_required
@require_safe
@through_link
@cache_control(private=True, no_cache=True)
def share(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """The same for everybody, signed in or not."""
    session = link.portrait.current_session
    output = link.output
    poster = reverse("share-file", args=[token, progress.file_name(output, "poster.webp")]) if output else None
    context = {
        "title": link.portrait.title or "A portrait that looks at you",
        "addresses": ShareAddresses(token),
        "poster": poster,
        "poster_url": settings.SITE_URL + poster if poster else None,
        "frame": output.manifest["frame"] if output else None,
        "under_way": session is not None and any(each.can_cancel for each in session.renders.all()),
    }
    return render(request, "share/portrait.html", context)
