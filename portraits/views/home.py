"""Home page: a face that looks at the visitor, and the user's newest portraits."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portraits import gallery_items
from portraits.models import Portrait, User
from portraits.rendering import demo
from portraits.uploads.forms import UploadForm

RECENT = 20
"""Most portraits on the home page."""


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    recent = []
    if isinstance(request.user, User):
        mine = gallery_items.with_sessions(Portrait.objects.visible_to(request.user))
        recent = [gallery_items.gallery_item(portrait) for portrait in mine[:RECENT]]
    context = {"items": recent, "has_demo": demo.current() is not None, "form": UploadForm()}
    return render(request, "portraits/home.html", context)
