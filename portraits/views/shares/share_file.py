"""Files of a shared portrait, for pages of any origin."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from portraits.files import responses
from portraits.files.responses import Audience
from portraits.models import ShareLink
from portraits.views.shares.share_link_required import CROSS_ORIGIN_METHODS, preflight, share_link_required


@login_not_required
@require_http_methods(CROSS_ORIGIN_METHODS)
@share_link_required
def share_file(request: HttpRequest, link: ShareLink, token: str, name: str) -> HttpResponse:
    """File that the manifest lists."""
    if request.method == "OPTIONS":
        return preflight()
    output = link.output
    if output is None:
        raise Http404
    return responses.file_response(request, output, name, Audience.PUBLIC, standard=link.standard)
