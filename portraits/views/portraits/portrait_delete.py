"""Page that deletes a portrait, after one question."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portraits import deletion, gallery_items
from portraits.http.guests_allowed import guests_allowed
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Portrait


@guests_allowed
@require_http_methods(["GET", "HEAD", "POST"])
def portrait_delete(request: HttpRequest, portrait_id: UUID) -> HttpResponse:
    mine = gallery_items.with_sessions(Portrait.objects.visible_to(signed_in_user(request)))
    portrait = get_object_or_404(mine, pk=portrait_id)
    if request.method != "POST":
        return render(
            request, "portraits/delete.html", {"portrait": portrait, "item": gallery_items.gallery_item(portrait)}
        )
    deletion.delete_portrait(portrait)
    messages.success(request, f"“{portrait}” has been deleted.")
    return redirect("home" if signed_in_user(request).is_guest else "portraits")
