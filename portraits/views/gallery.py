"""Gallery of the user's own portraits, newest first."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portraits import gallery_items
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Portrait

A_PAGE = 12
"""Portraits on a page."""


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    mine = Portrait.objects.visible_to(signed_in_user(request))
    page = Paginator(gallery_items.with_sessions(mine), A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "items": [gallery_items.gallery_item(portrait) for portrait in page]}
    return render(request, "portraits/gallery.html", context)
