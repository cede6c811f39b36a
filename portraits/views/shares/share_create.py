"""Creation of a share link."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from portraits.files import element_versions
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Portrait, ShareLink
from portraits.sharing.forms import ShareForm
from portraits.sharing.share_urls import ShareURLs
from portraits.views.shares.share_panel import panel


@require_POST
def share_create(request: HttpRequest, portrait_id: UUID) -> HttpResponse:
    """Create a link, and show its URL."""
    portrait = get_object_or_404(Portrait.objects.visible_to(signed_in_user(request)), pk=portrait_id)
    form = ShareForm(request.POST, portrait=portrait)
    if not form.is_valid():
        return panel(request, portrait, 422, share_form=form)
    element_versions.keep()
    chosen = {name: form.cleaned_data[name] for name in ("name", "password", "standard")}
    link, _ = ShareLink.create_for(portrait, form.expires_at, **chosen)
    return panel(request, portrait, 201, new_link=link, new_urls=ShareURLs.of(link))
