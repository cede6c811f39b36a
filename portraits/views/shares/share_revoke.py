"""Revocation of a share link."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from portraits.http.signed_in_user import signed_in_user
from portraits.models import ShareLink
from portraits.views.shares.share_panel import SCRIPT, panel


@require_POST
def share_revoke(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """Revoke a link at once. Safe to repeat."""
    link = get_object_or_404(
        ShareLink.objects.visible_to(signed_in_user(request)).select_related("portrait"), pk=link_id
    )
    link.revoke()
    if request.headers.get("X-Requested-With") == SCRIPT:
        return panel(request, link.portrait, 200)
    return redirect(f"{link.portrait.get_absolute_url()}#share")
