"""Title of a portrait, set by its owner."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from portraits.http.guests_allowed import guests_allowed
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Portrait
from portraits.uploads.forms import TitleForm


@guests_allowed
@require_POST
def portrait_title(request: HttpRequest, portrait_id: UUID) -> HttpResponse:
    portrait = get_object_or_404(Portrait.objects.visible_to(signed_in_user(request)), pk=portrait_id)
    form = TitleForm(request.POST)
    if form.is_valid():
        portrait.rename(form.cleaned_data["title"])
    else:
        messages.error(request, "This title is too long. Please use at most 80 characters.")
    return redirect(portrait)
