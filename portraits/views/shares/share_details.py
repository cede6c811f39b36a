"""Page of one share link for its owner: address, and what to put on other pages."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portraits.files import element_versions
from portraits.http.signed_in_user import signed_in_user
from portraits.models import ShareLink
from portraits.sharing.share_urls import ShareURLs


@require_safe
def share_details(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """Page of a link that works; 404 once it does not."""
    mine = ShareLink.objects.live().visible_to(signed_in_user(request)).select_related("portrait")
    link = get_object_or_404(mine, pk=link_id)
    element_versions.keep()  # the snippet names it
    context = {"link": link, "portrait": link.portrait, "share_urls": ShareURLs.of(link)}
    return render(request, "portraits/share_details.html", context)
