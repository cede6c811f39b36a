"""Creation of a share link."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from portraits.files import element_versions
from portraits.http.signed_in_user import signed_in_user
from portraits.http.throttle import NEW_PASSWORDS
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
    if form.cleaned_data["password"] and not _allows_password(portrait):
        form.add_error("password", "You have made many links with a password. Please wait an hour and try again.")
        return panel(request, portrait, 429, share_form=form)
    element_versions.keep()
    chosen = {name: form.cleaned_data[name] for name in ("name", "password", "standard")}
    link, _ = ShareLink.create_for(portrait, form.expires_at, **chosen)
    return panel(request, portrait, 201, new_link=link, new_urls=ShareURLs.of(link))


def _allows_password(portrait: Portrait) -> bool:
    """Whether its owner may have one more password hashed within the hour; counts the try."""
    key = str(portrait.owner_id)
    if NEW_PASSWORDS.wait(key) is not None:
        return False
    NEW_PASSWORDS.count(key, secrets.token_hex(8))
    return True
