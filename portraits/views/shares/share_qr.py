"""QR code of a share link for its owner."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from portraits.http.signed_in_user import signed_in_user
from portraits.models import ShareLink
from portraits.sharing import qr_code
from portraits.sharing.share_urls import ShareURLs


@require_safe
def share_qr(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """SVG file; 404 for a link that does not work, or whose address is not known any more."""
    token = get_object_or_404(ShareLink.objects.live().visible_to(signed_in_user(request)), pk=link_id).token
    if token is None:
        raise Http404
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "same-origin"}
    return HttpResponse(qr_code.svg(ShareURLs(token).page), content_type="image/svg+xml", headers=headers)
