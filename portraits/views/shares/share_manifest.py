"""Manifest of a shared portrait, for pages of any origin."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from portraits.files import responses
from portraits.files.responses import Audience
from portraits.models import ShareLink
from portraits.sharing import looks
from portraits.views.shares.share_link_required import CROSS_ORIGIN_METHODS, preflight, share_link_required

ELSEWHERE = ("cross-site", "same-site")
"""Values of Sec-Fetch-Site for requests by pages of other origins."""


@login_not_required
@require_http_methods(CROSS_ORIGIN_METHODS)
@share_link_required
def share_manifest(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """Manifest, which grows during the render; 404 until there is something to show."""
    if request.method == "OPTIONS":
        return preflight()
    output = link.output
    if output is None:
        raise Http404
    if output.complete and request.headers.get("Sec-Fetch-Site") in ELSEWHERE:
        looks.count(request, link)  # an element in a page of another site, which asks for nothing before
    return responses.manifest_response(request, output, Audience.PUBLIC, standard=link.standard)
